//! Least squares of a few columns.

use alloc::{vec, vec::Vec};

/// Solves `a x = b` in place (`a` row by row, `b` becomes `x`); false when it has no one solution.
pub(crate) fn solve(a: &mut [f64], b: &mut [f64]) -> bool {
    let n = b.len();
    // Scaled to a unit diagonal, so that the columns' units do not matter.
    let scale: Vec<f64> = (0..n).map(|i| libm::sqrt(libm::fabs(a[i * n + i]))).collect();
    if scale.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
        return false;
    }
    for i in 0..n {
        for j in 0..n {
            a[i * n + j] /= scale[i] * scale[j];
        }
        b[i] /= scale[i];
    }
    for column in 0..n {
        let size = |row: &usize| libm::fabs(a[*row * n + column]);
        let pivot = (column..n).max_by(|p, q| size(p).total_cmp(&size(q))).unwrap_or(column);
        if size(&pivot) < 1e-13 {
            return false;
        }
        for k in 0..n {
            a.swap(pivot * n + k, column * n + k);
        }
        b.swap(pivot, column);
        for row in column + 1..n {
            let factor = a[row * n + column] / a[column * n + column];
            for k in column..n {
                a[row * n + k] -= factor * a[column * n + k];
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| a[row * n + k] * b[k]).sum();
        b[row] = (b[row] - known) / a[row * n + row];
    }
    for (x, s) in b.iter_mut().zip(&scale) {
        *x /= s;
    }
    b.iter().all(|x| x.is_finite())
}

/// `X'X` of these columns, row by row.
pub(crate) fn products(columns: &[Vec<f64>]) -> Vec<f64> {
    let n = columns.len();
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let sum = columns[i].iter().zip(&columns[j]).map(|(p, q)| p * q).sum();
            a[i * n + j] = sum;
            a[j * n + i] = sum;
        }
    }
    a
}

/// Coefficients of the columns that come closest to `y`, and the sum of squares that is left.
pub(crate) fn least_squares(columns: &[Vec<f64>], y: &[f64]) -> Option<(Vec<f64>, f64)> {
    let mut a = products(columns);
    let mut b: Vec<f64> =
        columns.iter().map(|column| column.iter().zip(y).map(|(p, q)| p * q).sum()).collect();
    if !solve(&mut a, &mut b) {
        return None;
    }
    let left = |k: usize| y[k] - columns.iter().zip(&b).map(|(column, c)| c * column[k]).sum::<f64>();
    let rest = (0..y.len()).map(|k| left(k) * left(k)).sum();
    Some((b, rest))
}

/// The lowest point of `f` near `start`: Nelder and Mead (1965), bounded in steps.
pub(crate) fn descend<const N: usize>(
    start: [f64; N],
    size: f64,
    steps: usize,
    mut f: impl FnMut(&[f64; N]) -> f64,
) -> [f64; N] {
    let mut corners: Vec<([f64; N], f64)> = (0..=N)
        .map(|corner| {
            let mut point = start;
            if corner > 0 {
                point[corner - 1] += size;
            }
            (point, f(&point))
        })
        .collect();
    for _ in 0..steps {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let worst = corners[N];
        let mut middle = [0.0; N];
        for (point, _) in &corners[..N] {
            for (m, p) in middle.iter_mut().zip(point) {
                *m += p / N as f64;
            }
        }
        let along = |share: f64| -> [f64; N] {
            core::array::from_fn(|i| middle[i] + share * (worst.0[i] - middle[i]))
        };
        let mut try_at = |share: f64| {
            let point = along(share);
            (point, f(&point))
        };
        let mirrored = try_at(-1.0);
        let better = if mirrored.1 < corners[0].1 {
            let far = try_at(-2.0);
            Some(if far.1 < mirrored.1 { far } else { mirrored })
        } else if mirrored.1 < corners[N - 1].1 {
            Some(mirrored)
        } else {
            let near = try_at(if mirrored.1 < worst.1 { -0.5 } else { 0.5 });
            (near.1 < worst.1.min(mirrored.1)).then_some(near)
        };
        match better {
            Some(corner) => corners[N] = corner,
            None => {
                let best = corners[0].0;
                for (point, value) in &mut corners[1..] {
                    *point = core::array::from_fn(|i| best[i] + 0.5 * (point[i] - best[i]));
                    *value = f(point);
                }
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0].0
}

#[cfg(test)]
mod tests {
    use super::{descend, least_squares};
    use std::vec;

    #[test]
    fn a_line_comes_back_whatever_the_units_of_its_columns() {
        let x: vec::Vec<f64> = (0..20).map(|k| f64::from(k) * 1e6).collect();
        let y: vec::Vec<f64> = x.iter().map(|x| 3.0 + 2e-6 * x).collect();
        let (found, rest) = least_squares(&[x, vec![1.0; 20]], &y).unwrap();
        assert!((found[0] - 2e-6).abs() < 1e-15 && (found[1] - 3.0).abs() < 1e-9 && rest < 1e-15);
        assert!(least_squares(&[vec![1.0; 5], vec![2.0; 5]], &[1.0; 5]).is_none());
    }

    #[test]
    fn the_banana_valley_is_descended() {
        let [x, y] = descend([-1.2, 1.0], 0.5, 300, |[x, y]| {
            (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)
        });
        assert!((x - 1.0).abs() < 1e-6 && (y - 1.0).abs() < 1e-6);
    }
}

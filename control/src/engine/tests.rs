use super::is_due;

#[test]
fn a_task_is_due_once_for_every_moment_that_has_passed() {
    for (period, phase) in [(1, 0), (10, 0), (10, 3), (100, 99)] {
        let mut last = 1000;
        for tick in 1001..3000 {
            assert_eq!(is_due(tick, last, period, phase), tick % period == phase, "{tick} {period} {phase}");
            last = tick;
        }
        assert!(is_due(5000, 3000, period, phase), "once after a jump");
        assert!(!is_due(3000, 3000, period, phase), "never without time");
        assert!(!is_due(2999, 3000, period, phase), "never backwards");
    }
}

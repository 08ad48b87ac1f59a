//! Tags of a plant by their names, as its controller reads and writes them.

use model::Direction;
use sim_plant::{Point, Simulator};

/// What a sensor shows.
pub fn read(plant: &Simulator, name: &str) -> f64 {
    let binding = plant.bind(&[(name, Direction::Input)]).unwrap();
    let Point::Sensor(index) = binding.points[0] else { panic!("{name} is no sensor") };
    plant.sensor(index).0
}

pub fn write(plant: &mut Simulator, name: &str, value: f64) {
    let binding = plant.bind(&[(name, Direction::Output)]).unwrap();
    let Point::Actuator(index) = binding.points[0] else { panic!("{name} is no actuator") };
    plant.actuator(index, value);
}

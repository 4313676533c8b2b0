//! The n-body problem: five bodies that attract each other.

const DAYS: f64 = 365.24;
const SUN: f64 = 4.0 * std::f64::consts::PI * std::f64::consts::PI;
const STEP: f64 = 0.01;

/// Position, velocity (both in three dimensions) and mass, in astronomical units, years and solar masses.
#[derive(Clone, Copy)]
struct Body {
    at: [f64; 3],
    speed: [f64; 3],
    mass: f64,
}

fn body(at: [f64; 3], speed_per_day: [f64; 3], mass: f64) -> Body {
    Body { at, speed: speed_per_day.map(|speed| speed * DAYS), mass: mass * SUN }
}

/// The energy of the system after `steps`; it should hardly change.
pub fn energy_after(steps: u32) -> f64 {
    let mut bodies = [
        body([0.0; 3], [0.0; 3], 1.0),
        body([4.8414, -1.1603, -0.1036], [0.001_660, 0.007_699, -0.000_069], 0.000_954_79),
        body([8.3434, 4.1248, -0.4035], [-0.002_767, 0.004_999, 0.000_023], 0.000_285_88),
        body([12.8944, -15.1112, -0.2233], [0.002_965, 0.002_378, -0.000_030], 0.000_043_662),
        body([15.3797, -25.9193, 0.1793], [0.002_681, 0.001_628, -0.000_095], 0.000_051_514),
    ];
    for _ in 0..steps {
        advance(&mut bodies);
    }
    energy(&bodies)
}

fn advance(bodies: &mut [Body; 5]) {
    for left in 0..bodies.len() {
        for right in left + 1..bodies.len() {
            let between = between(&bodies[left], &bodies[right]);
            let squared = dot(between, between);
            let pull = STEP / (squared * squared.sqrt());
            let (to_left, to_right) = (bodies[right].mass * pull, bodies[left].mass * pull);
            for axis in 0..3 {
                bodies[left].speed[axis] -= between[axis] * to_left;
                bodies[right].speed[axis] += between[axis] * to_right;
            }
        }
    }
    for body in bodies {
        for axis in 0..3 {
            body.at[axis] += STEP * body.speed[axis];
        }
    }
}

fn energy(bodies: &[Body; 5]) -> f64 {
    let mut energy = 0.0;
    for (index, body) in bodies.iter().enumerate() {
        energy += 0.5 * body.mass * dot(body.speed, body.speed);
        for other in &bodies[index + 1..] {
            let between = between(body, other);
            energy -= body.mass * other.mass / dot(between, between).sqrt();
        }
    }
    energy
}

fn between(left: &Body, right: &Body) -> [f64; 3] {
    [left.at[0] - right.at[0], left.at[1] - right.at[1], left.at[2] - right.at[2]]
}

fn dot(left: [f64; 3], right: [f64; 3]) -> f64 {
    left[0] * right[0] + left[1] * right[1] + left[2] * right[2]
}

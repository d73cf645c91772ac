//! Seeded randomness whose values are part of the samples' bytes.
//!
//! splitmix64 (public domain, Sebastiano Vigna) written out: the distributions of the `rand` crates may change their values between minor versions,
//! and a committed sample must not change with a dependency.

/// A stream of pseudo-random values.
#[derive(Clone, Debug)]
pub struct Random(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of one entity: the same three values give the same stream, different ones unrelated streams.
    #[must_use]
    pub fn of(seed: u64, kind: &str, number: u64) -> Self {
        // FNV-1a of the kind's name, so that kinds need no register of numbers.
        let kind = kind.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mix(mix(seed ^ kind).wrapping_add(mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15)))))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A value in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiply-shift: its bias is below 2^-40 for the bounds used here.
        u64::try_from((u128::from(self.bits()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// A value in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low.saturating_add_unsigned(self.below(low.abs_diff(high) + 1))
    }

    /// True in `percent` of 100 draws.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which is not empty.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap_or(0)]
    }

    /// A value in `0..bound` that prefers small ones, as popular events and eager people are few.
    pub fn skewed(&mut self, bound: u64) -> u64 {
        let first = self.below(bound);
        self.below(first + 1).min(bound.saturating_sub(1))
    }

    /// Puts the items into a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(0);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn values_are_the_same_on_every_machine() {
        let mut random = Random::of(7, "person", 42);
        let drawn = [random.below(1000), random.below(1000), random.below(1000)];
        let again = {
            let mut random = Random::of(7, "person", 42);
            [random.below(1000), random.below(1000), random.below(1000)]
        };
        assert_eq!(drawn, again);
        assert_ne!(drawn, {
            let mut other = Random::of(8, "person", 42);
            [other.below(1000), other.below(1000), other.below(1000)]
        });
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::of(1, "bounds", 0);
        for bound in 1..200 {
            assert!(random.below(bound) < bound);
            assert!(random.skewed(bound) < bound);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.skewed(0), 0);
        assert!((-5..=5).contains(&random.between(-5, 5)));
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..50).collect();
        Random::of(3, "shuffle", 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}

//! Chance by seed: numbers that look random and are the same for the same words, on every machine.
//! Not for: secrets.

/// Mixes 64 bits (the finaliser of `SplitMix64`, Steele, Lea and Flood 2014).
pub fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number for these words under a seed (FNV-1a, then mixed).
pub fn hash(seed: u64, words: &[&str]) -> u64 {
    let mut bits = mix(seed) ^ 0xcbf2_9ce4_8422_2325;
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            bits = (bits ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(bits)
}

/// As a share, 0 ≤ x < 1.
pub fn share(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// A share for these words and a number, such as "run 12 of `load_orders`".
pub fn share_of(seed: u64, words: &[&str], number: i64) -> f64 {
    share(mix(hash(seed, words) ^ number.cast_unsigned()))
}

/// Smooth noise, −1 to 1, that wanders once in about `period` seconds: hashed values at whole periods, joined by a cosine-like curve.
pub fn noise(bits: u64, seconds: f64, period: f64) -> f64 {
    let place = seconds / period;
    let (step, part) = (place.floor(), place - place.floor());
    let at = |step: f64| share(mix(bits ^ (step as i64).cast_unsigned())).mul_add(2.0, -1.0);
    let eased = part * part * 2.0_f64.mul_add(-part, 3.0);
    let (from, to) = (at(step), at(step + 1.0));
    (to - from).mul_add(eased, from)
}

/// `digits` hexadecimal digits for these words, such as a container's id or a commit.
pub fn hex(seed: u64, words: &[&str], digits: usize) -> String {
    let mut bits = hash(seed, words);
    let mut out = String::with_capacity(digits);
    while out.len() < digits {
        out.push_str(&format!("{bits:016x}"));
        bits = mix(bits);
    }
    out.truncate(digits);
    out
}

/// A UUID of version 4's shape for these words.
pub fn uuid(seed: u64, words: &[&str]) -> String {
    let hex = hex(seed, words, 32);
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_give_the_same_numbers_and_others_give_others() {
        assert_eq!(hash(7, &["a", "b"]), hash(7, &["a", "b"]));
        assert_ne!(hash(7, &["a", "b"]), hash(7, &["ab"]), "words do not run together");
        assert_ne!(hash(7, &["a"]), hash(8, &["a"]));
        assert_eq!(hex(1, &["x"], 64).len(), 64);
        assert_eq!(uuid(1, &["x"]).len(), 36);
    }

    #[test]
    fn noise_is_smooth_and_within_its_bounds() {
        let bits = hash(1, &["curve"]);
        let values: Vec<f64> = (0..2000).map(|at| noise(bits, f64::from(at), 60.0)).collect();
        assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert!(values.windows(2).all(|two| (two[1] - two[0]).abs() < 0.06));
    }
}

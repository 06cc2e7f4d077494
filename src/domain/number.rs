//! Numbers in the sentences that sources and judgements write: reasons, expected and observed values.
//! Not for: numbers in columns, which are made to fit (see `ui::words`).

/// A number as people read it: four significant digits, no trailing zeros.
pub fn number(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return match value {
            v if v.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => "0".to_owned(),
        };
    }
    let magnitude = value.abs().log10().floor();
    if !(-4.0..15.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let digits = (3.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `0.2 %`, `12.5 %`: one digit behind the point where it tells something.
pub fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_with_four_significant_digits() {
        for (value, text) in [
            (0.030_000_000_000_000_002, "0.03"),
            (2.4, "2.4"),
            (612_345.0, "612345"),
            (1234.5678, "1235"),
            (-0.012_346, "-0.01235"),
            (1e-9, "1.000e-9"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}

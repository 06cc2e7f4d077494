//! Values and timestamps of samples: text to `f64`, correctly rounded, and to milliseconds.
//! Not for label values: `le` and `quantile` come here only when a family is assembled.

use super::Format;

/// Powers of ten that an `f64` holds exactly.
const TENS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

const NOT_A_NUMBER: &str = "is not a number";
const OUT_OF_RANGE: &str = "is out of the range of a 64-bit float";

/// A sample's value.
///
/// Text takes what Go's `ParseFloat` takes: decimals, `NaN`, `Inf` and `Infinity` with or without a sign in any
/// case, hexadecimal floats and `_` between digits. `OpenMetrics` takes decimals and the words alone. In both a number
/// too large for an `f64` is an error rather than infinity.
pub(super) fn value(token: &str, format: Format) -> Result<f64, &'static str> {
    match short_decimal(token.as_bytes()) {
        Some(value) => Ok(value),
        None => long_value(token, format),
    }
}

/// A text timestamp: whole milliseconds since the epoch, as Go's `ParseInt` reads them.
pub(super) fn millis(token: &str) -> Result<i64, &'static str> {
    token.parse().map_err(|_| "is not a whole number of milliseconds")
}

/// An `OpenMetrics` timestamp: decimal seconds since the epoch, to the nearest millisecond.
pub(super) fn seconds(token: &str) -> Result<i64, &'static str> {
    let millis = match short_decimal(token.as_bytes()) {
        Some(value) => value,
        None => long_value(token, Format::OpenMetrics)?,
    } * 1000.0;
    if !millis.is_finite() || millis.abs() >= 9_007_199_254_740_992.0 {
        return Err("is not a time in seconds");
    }
    Ok(millis.round() as i64)
}

/// Decimals short enough that one multiplication or division is exact: up to 19 digits, a mantissa of at most
/// 2^53 and a power of ten of at most 22 (Clinger's fast path). `None` sends everything else the long way.
fn short_decimal(token: &[u8]) -> Option<f64> {
    let (negative, digits) = match token {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, token),
    };
    if digits.len() > 24 {
        return None;
    }
    let mut mantissa = 0u64;
    let mut seen = 0usize;
    let mut point = None;
    let mut at = 0;
    while let Some(&byte) = digits.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            // 19 digits never overflow; more are refused below
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            seen += 1;
        } else if byte == b'.' && point.is_none() {
            point = Some(seen);
        } else {
            break;
        }
        at += 1;
    }
    if seen == 0 || seen > 19 || mantissa > 1 << 53 {
        return None;
    }
    let fraction = i32::try_from(point.map_or(0, |point| seen - point)).ok()?;
    let power = match digits.get(at..)? {
        [] => -fraction,
        [b'e' | b'E', rest @ ..] => short_exponent(rest)? - fraction,
        _ => return None,
    };
    let mantissa = mantissa as f64;
    let tens = TENS.get(power.unsigned_abs() as usize)?;
    let value = if power < 0 { mantissa / tens } else { mantissa * tens };
    Some(if negative { -value } else { value })
}

fn short_exponent(token: &[u8]) -> Option<i32> {
    let (negative, digits) = match token {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, token),
    };
    if digits.is_empty() || digits.len() > 3 {
        return None;
    }
    let mut exponent = 0i32;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        exponent = exponent * 10 + i32::from(digit);
    }
    Some(if negative { -exponent } else { exponent })
}

/// Words, long decimals, and in text the hexadecimal and `_` forms.
fn long_value(token: &str, format: Format) -> Result<f64, &'static str> {
    let (negative, unsigned) = match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token.strip_prefix('+').unwrap_or(token)),
    };
    match unsigned.as_bytes() {
        [b'0'..=b'9' | b'.', ..] => {}
        _ if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") => {
            return Ok(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        _ if token.eq_ignore_ascii_case("nan") => return Ok(f64::NAN),
        _ => return Err(NOT_A_NUMBER),
    }
    let joined;
    let plain = if format == Format::Text && unsigned.contains('_') {
        joined = without_underscores(unsigned).ok_or(NOT_A_NUMBER)?;
        joined.as_str()
    } else {
        unsigned
    };
    let magnitude = match plain.as_bytes() {
        [b'0', b'x' | b'X', hex @ ..] if format == Format::Text => hexadecimal(hex).ok_or(NOT_A_NUMBER)?,
        _ => plain.parse::<f64>().map_err(|_| NOT_A_NUMBER)?,
    };
    if magnitude.is_infinite() {
        return Err(OUT_OF_RANGE);
    }
    Ok(if negative { -magnitude } else { magnitude })
}

/// Go's rule: `_` stands between two digits, or between the base prefix and a digit.
fn without_underscores(token: &str) -> Option<String> {
    let bytes = token.as_bytes();
    let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let is_digit = |byte: u8| {
        if hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() }
    };
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_') {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied()?;
        let after = bytes.get(at + 1).copied()?;
        let prefix = hex && at == 2;
        if !(prefix || is_digit(before)) || !is_digit(after) {
            return None;
        }
    }
    Some(token.replace('_', ""))
}

/// A hexadecimal float after its `0x`: digits with at most one point, and a binary exponent that Go requires.
/// Infinity stands for a number out of range.
fn hexadecimal(token: &[u8]) -> Option<f64> {
    let p = token.iter().position(|byte| matches!(byte, b'p' | b'P'))?;
    let (digits, exponent) = (token.get(..p)?, token.get(p + 1..)?);
    let mut mantissa = 0u64;
    let mut lost = false;
    let mut binary = 0i64;
    let mut seen = false;
    let mut point = false;
    for &byte in digits {
        if byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = u64::from((byte as char).to_digit(16)?);
        seen = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            binary -= if point { 4 } else { 0 };
        } else {
            lost |= digit != 0;
            binary += if point { 0 } else { 4 };
        }
    }
    if !seen {
        return None;
    }
    let (sign, digits) = match exponent {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, exponent),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // beyond this every mantissa a line can hold is zero or out of range
    let written = digits.iter().fold(0i64, |sum, byte| (sum * 10 + i64::from(byte - b'0')).min(1 << 40));
    Some(scale(mantissa | u64::from(lost), binary + sign * written))
}

/// `mantissa × 2^exponent`, rounded half to even once, subnormals included.
fn scale(mantissa: u64, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = i64::from(mantissa.leading_zeros());
    let (mantissa, exponent) = (mantissa << shift, exponent - shift);
    let leading = exponent + 63;
    if leading > 1023 {
        return f64::INFINITY;
    }
    // a subnormal keeps one bit less for each power below the smallest normal one
    let kept = if leading >= -1022 { 53 } else { 53 - (-1022 - leading) };
    if kept < 0 {
        return 0.0;
    }
    let dropped = 64 - kept;
    let rounded = half_to_even(mantissa, dropped as u32);
    rounded as f64 * power_of_two(exponent + dropped)
}

fn half_to_even(mantissa: u64, dropped: u32) -> u64 {
    let wide = u128::from(mantissa);
    let floor = wide >> dropped;
    let rest = wide - (floor << dropped);
    let half = 1u128 << (dropped - 1);
    let up = rest > half || (rest == half && floor & 1 == 1);
    (floor + u128::from(up)) as u64
}

/// `2^power` for -1074 ..= 971, exactly.
fn power_of_two(power: i64) -> f64 {
    if power >= -1022 { f64::from_bits(((power + 1023) as u64) << 52) } else { f64::from_bits(1u64 << (power + 1074)) }
}

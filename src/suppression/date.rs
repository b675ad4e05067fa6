//! Dates in suppressions.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use jiff::civil::Date;

/// Reads `YYYY-MM-DD`, and nothing else.
pub fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *bytes else { return None };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let month = i8::try_from(number(&[e, f])?).ok()?;
    let day = i8::try_from(number(&[g, h])?).ok()?;
    Date::new(number(&[a, b, c, d])?, month, day).ok()
}

/// The date in UTC so many seconds after the beginning of 1970, as in `SOURCE_DATE_EPOCH`.
pub fn from_unix_seconds(seconds: i64) -> Option<Date> {
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).date())
}

/// How many days lie between two dates; negative when `to` is the earlier one.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_form_only() {
        assert_eq!(parse("2027-03-31"), Some(Date::constant(2027, 3, 31)));
        assert_eq!(parse("2028-02-29"), Some(Date::constant(2028, 2, 29)));
        for text in [
            "",
            "2027-3-31",
            "2027-03-31 ",
            "20270331",
            "2027-W13-3",
            "2027-090",
            "2027-13-01",
            "2027-02-29",
            "2027-00-10",
            "2027-01-00",
            "+027-01-01",
            "2027/03/31",
            "31-03-2027",
            "２027-03-31",
            "2027-03-3l",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn counts_days() {
        let date = |text| parse(text).unwrap();
        assert_eq!(days_between(date("2027-03-31"), date("2027-03-31")), 0);
        assert_eq!(days_between(date("2027-12-31"), date("2028-01-01")), 1);
        assert_eq!(days_between(date("2028-03-01"), date("2028-02-01")), -29);
        assert_eq!(days_between(date("0000-01-01"), date("9999-12-31")), 3_652_424);
    }

    #[test]
    fn reads_the_time_of_a_build() {
        assert_eq!(from_unix_seconds(0), parse("1970-01-01"));
        assert_eq!(from_unix_seconds(-1), parse("1969-12-31"));
        assert_eq!(from_unix_seconds(1_806_451_199), parse("2027-03-30"));
        assert_eq!(from_unix_seconds(i64::MAX), None);
    }
}

//! Numbers that are codes, and numbers that are phone numbers, dates, sums, counts or names of something.

use super::*;

#[test]
fn a_code_has_four_to_ten_characters_and_beyond_eight_needs_a_cue() {
    let cases = [
        ("Your code is 4829", "4829"),
        ("Your code is 1234567890", "1234567890"),
        ("48291375", "48291375"),
        ("Your code is A1B2", "A1B2"),
        ("Your code is A1B2C3D4", "A1B2C3D4"),
    ];
    assert_eq!(misread(&cases), []);
    let texts = [
        "Your code is 123",
        "Your code is 12345678901",
        "482913759",
        "Your code is A1B",
        "Your code is A1B2C3D4E",
    ];
    assert_eq!(read_in(&texts), []);
}

#[test]
fn a_phone_number_is_skipped_and_no_more_than_it() {
    assert_eq!(
        read_in(&[
            "Call +48291375",
            "Call +1-4829-1375",
            "Call +1 222 333 4444",
            "Call +1 (222) 333.4444",
            "0803 123 4567"
        ]),
        []
    );
    let cases = [
        ("Call +1 222 333 4444 55821", "55821"),
        // Ten digits are a whole number, and a group of more than four is another one.
        ("+44 2071 2345 4829", "4829"),
        ("+1 222 482913", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn groups_behind_a_dash_are_one_code_of_up_to_eight_digits() {
    let cases = [
        ("Your code is 12-34", "1234"),
        ("Your code is 1234-5678", "12345678"),
        ("Your code is 99-88-77", "998877"),
        ("Your code is 806-1854", "8061854"),
        ("Your code is 482913- 10 minutes left", "482913"),
        ("Your code is 482913-now", "482913"),
        ("99-88-77", "998877"),
    ];
    assert_eq!(misread(&cases), []);
    let texts = [
        "Your code is 1-23",
        "Your code is 12345-6789",
        "Your code is 12-34-56-78",
        "Your code is 123-45-678",
        "Your code is 12.34.56",
        "Ring 206-5550",
        "Paid 48291.50 today",
        "Open 4829-10 minutes",
    ];
    assert_eq!(read_in(&texts), []);
}

#[test]
fn three_groups_that_can_be_a_day_are_no_code_unless_one_is_announced() {
    assert_eq!(read_in(&["01-01-99", "31-12-99", "99-12-31", "99-01-01"]), []);
    let cases = [
        ("32-12-99", "321299"),
        ("31-13-99", "311399"),
        ("00-12-99", "001299"),
        ("31-00-99", "310099"),
        ("99-13-31", "991331"),
        ("99-12-32", "991232"),
        ("Your code is 31-12-99", "311299"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_year_or_a_day_in_eight_digits_is_no_code_unless_one_is_announced() {
    assert_eq!(read_in(&["1900", "1999", "2000", "2099", "20260101", "19991231"]), []);
    let cases = [
        ("1899", "1899"),
        ("2100", "2100"),
        ("204829", "204829"),
        ("20261331", "20261331"),
        ("20260001", "20260001"),
        ("20261232", "20261232"),
        ("20260100", "20260100"),
        ("18261231", "18261231"),
        ("Your code is 20261231", "20261231"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn equal_groups_behind_spaces_are_one_code_of_up_to_eight_digits() {
    let cases = [
        ("1 2 3 4", "1234"),
        ("12 34", "1234"),
        ("1234 5678", "12345678"),
        ("12 34 56 78", "12345678"),
        ("Your code is 123 456 10 minutes left", "123456"),
        ("123 456 is your code. 771122", "123456"),
        ("Your code is 4829 55", "4829"),
        ("Your code is 12345 678", "12345"),
    ];
    assert_eq!(misread(&cases), []);
    assert_eq!(read_in(&["1 2 3", "Your code is 123 456 789", "Your code is 123 456-78", "2026 5"]), []);
}

#[test]
fn a_sum_of_money_a_share_and_a_count_are_no_codes() {
    let texts = [
        "Paid $48291",
        "Paid 48291 €",
        "Paid NGN 48291",
        "Paid 48291 naira",
        "Paid Rs. 48291",
        "Only 48291元起",
        "Up 4829%",
        "In 1440 minutes",
        "1440分钟",
        "Your code costs NGN5000",
        "Your code costs 5000USD",
        "Your code costs N5000",
        "Your code plays 1080p",
        "Your code bought A1B2 points",
    ];
    assert_eq!(read_in(&texts), []);
    // Nobody counts so far, and a full stop hides no currency but the one before it.
    let cases = [("14400 minutes", "14400"), ("Paid in USD twice. 48291", "48291")];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_number_with_a_name_is_no_code_and_the_name_reaches_so_far() {
    let texts = [
        "Order 48291",
        "Order no 48291",
        "Order no id 48291",
        "Order is 48291",
        "Card ****4829",
        "Paid with ••4829",
        "Paid with …4829",
        "Invo-48291",
        "OK G-482913",
        "G-482913 ok",
        "Gate B2 -4829",
    ];
    assert_eq!(read_in(&texts), []);
    let cases = [
        ("Order no id nr 48291", "48291"),
        ("Order shipped 48291", "48291"),
        ("Here is your order. 48291", "48291"),
        ("Here is your order! 48291", "48291"),
        ("Order t.me/a 48291", "48291"),
        ("Order A1 48291", "48291"),
        ("*48291*", "48291"),
        ("* 48291", "48291"),
        ("INV-48291", "48291"),
        ("Your code for this order is 48291", "48291"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn letters_and_digits_are_a_code_in_capitals_or_with_two_digits_and_by_themselves() {
    let cases = [
        ("Your code is ABCD1", "ABCD1"),
        ("Your code is abc12", "abc12"),
        ("Your code is A1B2-C3D4", "A1B2C3D4"),
        ("Your code is A1B2-CDEF", "A1B2CDEF"),
        ("Your code is A1B2 - C3D4", "A1B2"),
        ("Your code is - A1B2", "A1B2"),
        ("Your code is A1B2:ok", "A1B2"),
        ("Your code is #A1B2", "A1B2"),
    ];
    assert_eq!(misread(&cases), []);
    let texts = [
        "Your code is abcd1",
        "Your code is ab12-cd34",
        "Your code is x_A1B2",
        "Your code is -A1B2",
        "Your code is A1B2/",
        "Your code is A1B2-",
        "A1B2C3",
    ];
    assert_eq!(read_in(&texts), []);
}

#[test]
fn a_reading_by_a_provider_loses_a_brand_of_up_to_three_capitals_before_digits() {
    let cases = [
        ("ABC-123456", "123456"),
        ("ABCD-123456", "ABCD123456"),
        ("AbC-123456", "AbC123456"),
        ("AB-C1D2", "ABC1D2"),
        ("-123456", "123456"),
        ("1234", "1234"),
        ("1234567890", "1234567890"),
    ];
    for (text, expected) in cases {
        assert_eq!(Code::try_new(text).as_ref().map(Code::as_str), Some(expected), "{text}");
    }
}

//! Links, mail addresses and the marks of apps are no place for a code, and end where the text goes on.

use super::*;

#[test]
fn a_number_in_a_link_or_an_address_is_no_code() {
    let texts = [
        "Your code is at HTTP://example/482913",
        "Your code is at https://482913.example",
        "Your code is at www.482913.example",
        "Your code is at 4829.example.com/a",
        "Your code is at 4829-login.example/a",
        "Your code went to 482913@example.com",
        "Your code went to ada+482913@example.com",
        "Écrivez à josé@48291.fr",
    ];
    assert_eq!(read_in(&texts), []);
}

#[test]
fn what_only_looks_like_a_link_is_read() {
    let cases = [
        // A path without a name that has a dot in it.
        ("Your code is 482913/OK", "482913"),
        // The last part of a name has two letters or more, and no digit.
        ("Your code is 482913.A/B", "482913"),
        ("Your code is A1B2C3.4/OK", "A1B2C3"),
        // A name has letters, digits, dots and dashes.
        ("Code 482913:see.example/a", "482913"),
        ("Your code:482913(see.example/a)", "482913"),
        // Two letters are enough.
        ("Your code is 482913 (4025.me/a)", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_link_ends_with_its_line_or_word() {
    let cases = [
        ("https://t.me/login/12345 482913", "482913"),
        ("https://t.me/login/12345\n482913", "482913"),
        ("ada@example.com\u{3000}482913", "482913"),
        ("t.me/login/12345。482913", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn the_mark_of_an_app_is_no_code_and_no_second_number() {
    let cases = [
        ("482913 FA/12345678", "482913"),
        ("482913\nFA/12345678", "482913"),
        ("482913 12345678/FA", "482913"),
    ];
    assert_eq!(misread(&cases), []);
    // Ten or twelve characters, or none of its signs, are another number.
    assert_eq!(read_in(&["482913 FA/1234567", "482913 FAB/12345678", "482913 FA:12345678"]), []);
    // It stands alone.
    assert_eq!(code("Your code:48291375/ok").as_deref(), Some("48291375"));
}

//! Which of several candidates is the code, and which one only if a cue stands where it should.

use super::*;

#[test]
fn the_candidate_with_the_surest_place_wins() {
    let cases = [
        // Right behind a cue, before any other place.
        ("771122 or 445566 is it, code 482913", "482913"),
        // Behind a link in the sentence of a cue.
        ("Code for 5 users 771122 is 482913", "482913"),
        // Before a cue, no more than six words.
        ("482913 one two three four five six code. 771122", "482913"),
        ("482913 one two three four five six seven code. 771122", "771122"),
        ("Floor 7711, then 4829 is your code", "4829"),
        ("482913 was sent. Get the code below or 771122", "771122"),
        // Behind a verb.
        ("771122 or use 482913", "482913"),
        // The nearest behind a cue, a number before letters and digits.
        ("Your code came to A1B2C3 or 482913", "482913"),
        ("Your code came, 482913 or 771122", "482913"),
        // The only number, however often.
        ("Again 482913, once more 482913", "482913"),
    ];
    assert_eq!(misread(&cases), []);
    assert_eq!(read_in(&["Again 482913, once more 771122"]), []);
}

#[test]
fn a_year_is_a_code_only_where_a_cue_says_so() {
    let cases = [
        ("Your code 2026", "2026"),
        ("Your code is: 2026", "2026"),
        ("Your code: G-2019", "2019"),
        ("Your own new login code: G-2019", "2019"),
        ("Your code is:\n2026", "2026"),
        ("Your code - 2026", "2026"),
        ("Your OTP is 2026", "2026"),
        ("Your Sicherheitscode: 2026", "2026"),
        ("Doğrulama kodu: 2026", "2026"),
        ("验证码2026", "2026"),
        ("验证码为2026", "2026"),
        ("您的验证码现在是2026", "2026"),
        ("验证码过期482913", "482913"),
        ("Your code for 5 users is 2026", "2026"),
        ("Code for v.5 is 2026", "2026"),
        ("2026 is your code", "2026"),
        ("2026: your code", "2026"),
        ("2026, your code", "2026"),
        ("2026是您的验证码", "2026"),
        ("2026は認証コード", "2026"),
        ("Enter 2026 to verify", "2026"),
        ("Use A1B2C3 to sign in", "A1B2C3"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_year_is_no_code_where_no_cue_says_so() {
    let texts = [
        "Your code\n2026",
        "Your code date 2026",
        "Your code friend 2026",
        "Your code goes to 2026",
        "Your barcode: 2026",
        "Your zip: 2026",
        "Your dress code: 2026",
        "验证码过期2026",
        "The year is 2026",
        "It is 2026 a code",
        "2026 your code",
        "2026是您的年",
        "Your code came. The year is 2026",
        "Your code came. 5 things: 2026",
        "Enter 2026 here",
        "Use 123456789",
        "Use 123456789 to sign in",
        "Use SAVE20 here",
        "Your code went to the account: 123456789",
    ];
    assert_eq!(read_in(&texts), []);
}

#[test]
fn letters_and_digits_are_a_code_in_the_sentence_of_a_cue_only() {
    for mark in ['.', '!', '?', '。', '！', '？'] {
        assert_eq!(code(&format!("Your code came{mark} SAVE20")), None, "{mark}");
    }
    let cases = [
        ("Your code came, SAVE20", "SAVE20"),
        ("Your code is\nSAVE20", "SAVE20"),
        ("Your code is:\n\nSAVE20", "SAVE20"),
    ];
    assert_eq!(misread(&cases), []);
}

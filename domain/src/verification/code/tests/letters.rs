//! Letters and digits of any script, and characters that are not seen.

use super::*;

#[test]
fn a_code_is_written_in_the_digits_and_letters_of_many_scripts() {
    let cases = [
        ("Your code is \u{660}\u{661}\u{662}\u{667}\u{668}\u{669}", "012789"),
        ("Your code is \u{6f0}\u{6f1}\u{6f2}\u{6f7}\u{6f8}\u{6f9}", "012789"),
        ("Your code is \u{966}\u{967}\u{968}\u{96d}\u{96e}\u{96f}", "012789"),
        ("Your code is \u{9e6}\u{9e7}\u{9e8}\u{9ed}\u{9ee}\u{9ef}", "012789"),
        ("Your code is \u{e50}\u{e51}\u{e52}\u{e57}\u{e58}\u{e59}", "012789"),
        ("Your code is \u{7c0}\u{7c1}\u{7c2}\u{7c7}\u{7c8}\u{7c9}", "012789"),
        ("Your code is \u{ff10}\u{ff11}\u{ff12}\u{ff17}\u{ff18}\u{ff19}", "012789"),
        ("Your code is ＡＺ１２ＢＣ", "AZ12BC"),
        ("Steam code: ａ１ｂ２ｚ３", "a1b2z3"),
        ("验证码A1B2C3", "A1B2C3"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn every_dash_colon_and_equals_sign_counts_as_the_usual_one() {
    let cases = [
        ("Your code is 806\u{2010}185", "806185"),
        ("Your code is 806\u{2013}185", "806185"),
        ("Your code is 806\u{2015}185", "806185"),
        ("Your code is 806\u{2212}185", "806185"),
        ("Code for 5 users：2026", "2026"),
        ("Code for 5 users＝2026", "2026"),
        ("Code for 5 users=2026", "2026"),
        ("Code for 5 users>2026", "2026"),
    ];
    assert_eq!(misread(&cases), []);
    // A wide colon parts the hours from the minutes of a time, too.
    assert_eq!(code("Arrives at 12：30"), None);
}

#[test]
fn characters_that_are_not_seen_part_nothing() {
    for hidden in
        ['\u{ad}', '\u{200b}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{2069}', '\u{feff}']
    {
        let text = format!("Your co{hidden}de is 48{hidden}29{hidden}13");
        assert_eq!(code(&text).as_deref(), Some("482913"), "{hidden:?}");
    }
}

#[test]
fn each_kind_of_line_end_ends_a_sentence() {
    for end in ['\n', '\r', '\u{2028}', '\u{2029}'] {
        // A mixed code counts in the sentence of its cue only.
        assert_eq!(code(&format!("Your code has expired{end}SAVE20")), None, "{end:?}");
        assert_eq!(code(&format!("Your code:{end}SAVE20")).as_deref(), Some("SAVE20"), "{end:?}");
    }
    assert_eq!(code("Your code has expired SAVE20").as_deref(), Some("SAVE20"));
}

#[test]
fn letters_with_signs_on_them_are_one_word() {
    let cases = [
        // Latin letters beyond ASCII: without its accent the word announces nothing, and a year is no code.
        ("Tu código: 2026", "2026"),
        ("Mã 2026", "2026"),
        ("Mật mã: 2026", "2026"),
        ("Şifre 2026", "2026"),
        // Signs of Indian scripts: five words stand before the cue, more would be too far.
        ("482913 आपके व्हाट्सऐप्प खाते का सत्यापन कोड है। ग्राहक सेवा 771122", "482913"),
        // Arabic and Hebrew with vowels.
        ("482913 هُوَ رَمْزٌ جَدِيدٌ لِحِسَابِكَ فِي رمز. 771122", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_word_of_another_script_ends_where_latin_letters_begin() {
    let cases = [("Код482913", "482913"), ("КодA1B2C3", "A1B2C3"), ("认证码ABC123", "ABC123")];
    assert_eq!(misread(&cases), []);
}

//! The list of passwords that everybody tries first: our own compilation, made by rule out of the words below.
//!
//! People who must use ten characters take a word and add to it, walk over the keyboard, count, or write a date. The
//! words are first names, places, teams, brands and phrases of daily use; the endings are those that forms ask for. No
//! list of leaked passwords went into it. `cargo run -p namaskah-tests --bin common-passwords` prints it, and a test
//! holds `domain/src/auth/common_passwords.txt` to what it prints.

use std::collections::BTreeSet;

/// What shorter passwords are refused for anyway.
const MIN_CHARS: usize = 10;

/// What people think of when they are asked for a word.
const WORDS: &str = "password passwort passw0rd p@ssword p@ssw0rd pass passcode secret welcome letmein login access \
    admin administrator root user guest test testing tester changeme default master manager system server qwerty azerty \
    qwertz asdfgh zxcvbn iloveyou loveyou lovely mylove forever sweetheart princess prince queen king angel jesus god \
    godisgood blessed blessing grace faith hello goodbye sunshine rainbow flower butterfly dragon monkey tiger lion \
    eagle wolf panda kitty doggy puppy chocolate cookie banana orange apple cherry coffee pizza football soccer \
    baseball basketball hockey cricket chelsea arsenal liverpool barcelona madrid manchester united juventus superman \
    batman spiderman starwars pokemon naruto minecraft fortnite ninja hunter killer shadow matrix phoenix freedom \
    success money dollar bitcoin crypto business company office computer internet windows android iphone samsung google \
    facebook instagram whatsapp telegram twitter tiktok youtube amazon netflix paypal spotify summer winter spring \
    autumn january february march april june july august september october november december monday tuesday wednesday \
    thursday friday saturday sunday michael jennifer jessica daniel david john james robert william thomas charlie \
    george jordan andrew matthew joshua anthony ashley amanda nicole michelle maria anna sarah laura emma sophia olivia \
    isabella victoria elizabeth alexander benjamin samuel joseph peter paul mark chinedu chioma emeka ngozi ifeanyi \
    obinna amara tunde bola femi yusuf ibrahim musa fatima aisha mohammed ahmed abdul kofi kwame akosua wanjiru kamau \
    achieng thabo lerato priya rahul amit nigeria naija lagos abuja ghana accra kenya nairobi africa america canada \
    london england india delhi mumbai brazil germany france paris italia china namaskah phone number account wallet";

/// What is added to them. `Y` stands for each of the last years.
const ENDINGS: &str = "1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 111 321 007 69 99 000 2000 ! !! \
    123! 1234! 1! @1 @12 @123 @1234 #1 #123 _123 .123 -123 @Y Y Y! #Y";

const FIRST_YEAR: u32 = 2018;
const LAST_YEAR: u32 = 2027;

/// Phrases that are long enough by themselves.
const PHRASES: &str = "iloveyousomuch iloveyoubaby iloveyouforever iloveyou2 ilovemyself ilovemymom ilovemyfamily \
    ilovemydad ilovejesus ilovegod jesusislord jesuschrist godisgreat godislove thankyoujesus thankyougod \
    trustingod amazinggrace mypassword mypasswordis thisismypassword yourpassword passwordpassword nopassword \
    newpassword oldpassword forgotpassword password1password passwordispassword letmeinplease letmeinnow openthedoor \
    opensesame changemenow changemeplease changethis pleasechangeme welcomehome welcomeback helloworld hellohello \
    testtesttest testpassword testaccount temporary temporary1 administrator rootpassword adminadmin adminpassword \
    superadmin superadmin1 masterpassword masterkey123 secretpassword topsecret1 correcthorsebatterystaple \
    correcthorse trustno1trustno1 whatever123 whateveritis idontknow1 idontknow123 dontforget dontforgetme \
    rememberme remembermenow nevergiveup neverforget followyourdreams liverpoolfc manchesterunited manchestercity \
    realmadrid barcelonafc chelseafc123 arsenalfc1 superman123 spongebob1 spongebob123 startrek123 harrypotter \
    harrypotter1 lordoftherings gameofthrones beautiful1 beautifulgirl beautiful123 babygirl123 babyboy123 \
    bestfriend bestfriends bestfriend1 playstation playstation5 nintendo123 basketball baseball123 football1234 \
    abcdefghij abcdefghijk abcdefghijklm abcdefghijklmnopqrstuvwxyz abcd123456 abcd1234567 abc1234567 abc123abc123 \
    abcabcabcabc a1b2c3d4e5 a1b2c3d4e5f6 aa12345678 a123456789 a1234567890 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r5t \
    1q2w3e4r5t6y 1a2b3c4d5e qazwsxedcrfv qazwsxedc123 zaq12wsxcde3 1qaz2wsx3edc 1qaz2wsx3edc4rfv !qaz2wsx#edc \
    zaq1xsw2cde3 qweasdzxc123 qweasdzxcqwe qwe123qwe123 asd123asd123 123qweasdzxc 1234qwerasdf 12qwaszx12qwaszx \
    qwerasdfzxcv qwerqwer1234 asdfasdf1234 asdfasdfasdf qwertyqwerty passw0rd1234 pa55word123 pa$$word123 pa$$w0rd123";

/// Rows of keyboards, along which fingers walk in both directions.
const ROWS: &str = "1234567890-= qwertyuiop[] asdfghjkl;' zxcvbnm,./ azertyuiop qsdfghjklm wxcvbn,;:! qwertzuiop yxcvbnm,.- \
    !@#$%^&*()_+ 1q2w3e4r5t6y7u8i9o0p qazwsxedcrfvtgbyhnujm zaqxswcdevfrbgtnhymju 1qaz2wsx3edc4rfv5tgb 0987654321 \
    01234567890123456789 12345678901234567890 98765432109876543210 13579246801357924680 24681357902468135790 \
    11223344556677889900 00998877665544332211 112233445566778899 123123123123123 321321321321321 121212121212121212 \
    12341234123412341234 10203040506070809000 147258369147258369 159357159357159357 741852963741852963 \
    102030405060708090 001122334455667788 123454321123454321 abcdefghijklmnopqrstuvwxyz aabbccddeeffgghh \
    qqwweerrttyyuuii qwertyqwertyqwerty asdfghasdfghasdfgh zxcvbnzxcvbnzxcvbn abcabcabcabcabc abc123abc123abc123 \
    qwe123qwe123qwe123 asdasdasdasdasd qweqweqweqweqwe";

/// Every entry: in lower case, sorted, each once, of at least ten characters, not one character alone.
pub fn common() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    words(&mut found);
    found.extend(PHRASES.split_whitespace().map(str::to_owned));
    walks(&mut found);
    dates(&mut found);
    found.retain(|entry| {
        let first = entry.chars().next();
        entry.chars().count() >= MIN_CHARS && !entry.chars().all(|char| Some(char) == first)
    });
    found
}

fn words(found: &mut BTreeSet<String>) {
    let mut endings: Vec<String> = Vec::new();
    for ending in ENDINGS.split_whitespace() {
        if ending.contains('Y') {
            endings.extend((FIRST_YEAR..=LAST_YEAR).map(|year| ending.replace('Y', &year.to_string())));
        } else {
            endings.push(ending.to_owned());
        }
    }
    for word in WORDS.split_whitespace() {
        found.extend([word.to_owned(), word.repeat(2), word.repeat(3)]);
        found.extend(endings.iter().map(|ending| format!("{word}{ending}")));
        found.extend(
            ["123", "1234", "12345", "123456", "my", "the", "i"].map(|begin| format!("{begin}{word}")),
        );
    }
}

/// Parts of each row of ten characters and more, forwards and backwards, and some with an ending.
fn walks(found: &mut BTreeSet<String>) {
    for row in ROWS.split_whitespace() {
        let forwards: Vec<char> = row.chars().collect();
        let backwards: Vec<char> = row.chars().rev().collect();
        for row in [forwards, backwards] {
            for length in MIN_CHARS..=row.len() {
                found.extend(row.windows(length).map(|walk| walk.iter().collect::<String>()));
            }
            for length in 4..=row.len().min(9) {
                let begin: String = row[..length].iter().collect();
                let endings = ["123", "1234", "12345", "123456", "1234567", "12345678", "!", "@123"];
                found.extend(endings.map(|ending| format!("{begin}{ending}")));
                found.extend([begin.repeat(2), begin.repeat(3)]);
            }
        }
    }
}

/// New Year and birthdays as digits, and days of the last years as people write them.
fn dates(found: &mut BTreeSet<String>) {
    for year in 1960..=LAST_YEAR {
        for separator in ["-", "/", "."] {
            found.insert(format!("01{separator}01{separator}{year}"));
            found.insert(format!("{year}{separator}01{separator}01"));
        }
        found.extend([format!("{year}{year}{year}"), format!("{year}010100"), format!("0101{year}0101")]);
        found.extend([format!("{year}123456"), format!("123456{year}")]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_the_domain_is_what_the_rules_make() {
        let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/src/auth/common_passwords.txt");
        let list = std::fs::read_to_string(list).expect("the list");
        let made: String = common().iter().map(|entry| format!("{entry}\n")).collect();
        assert!(list == made, "cargo run -p namaskah-tests --bin common-passwords > the list");
    }
}

//! Previews of letters.

use crate::given::{problem, world};

#[tokio::test]
async fn every_letter_can_be_looked_at_as_its_reader_would_see_it() {
    let world = world().await;
    let list = world.get("/letters").await.text().await.expect("a page");
    let links: Vec<&str> = list.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 40 && links.contains(&"/letters/deposit_received.html"), "{links:?}");
    for link in links {
        let letter = world.get(link).await;
        assert_eq!(letter.status(), 200, "{link}");
        let headers = letter.headers().clone();
        let is_html = headers["content-type"] == "text/html; charset=utf-8";
        assert_eq!(is_html, link.ends_with(".html"), "{link}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'"), "{link}: {policy}");
        let text = letter.text().await.expect("a letter");
        assert!(text.contains("Hello,") && text.contains("Namaskah"), "{link}: {text}");
    }
    for nothing in
        ["/letters/no_such_letter.html", "/letters/deposit_received", "/letters/deposit_received.pdf"]
    {
        assert_eq!(problem(world.get(nothing).await, 404).await, "not_found", "{nothing}");
    }
}

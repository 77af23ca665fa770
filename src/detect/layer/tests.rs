//! Every encoding by itself, two of them inside each other, and what must stay closed.

use proptest::prelude::*;

use super::*;
use crate::rule::expand;

/// Fills in `{{alnum 36}}` and its kin.
fn filled(example: &str) -> String {
    expand(example, 7).unwrap().text
}

fn encode_base64(bytes: &[u8], signs: [u8; 2], is_padded: bool) -> String {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
    alphabet.extend(signs);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0, |w, at| w << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        for at in 0..=chunk.len() {
            text.push(char::from(alphabet[(word >> (18 - 6 * at) & 63) as usize]));
        }
        if is_padded {
            text.push_str(&"="[..].repeat(3 - chunk.len()));
        }
    }
    text
}

fn base64(text: &str) -> String {
    encode_base64(text.as_bytes(), *b"+/", true)
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn wrapped(text: &str, width: usize, between: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(between)
}

/// Calls for each run of token bytes, as the engine does.
fn blobs(text: &[u8]) -> Vec<Layer> {
    let is_inside = |b: &u8| b.is_ascii_alphanumeric() || b"_+/.$~-".contains(b);
    let mut blobs = Blobs::default();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let len = text[at..].iter().take_while(|byte| is_inside(byte)).count();
        if len >= 10 {
            found.extend(blobs.of_run(text, at..at + len));
        }
        at += len + 1;
    }
    found
}

fn all(text: &[u8]) -> Vec<Layer> {
    layers(text).chain(blobs(text)).collect()
}

/// Returns all that a text says once decoded so many times, and where it stands.
fn deep(text: &[u8], depth: usize) -> Vec<(Vec<u8>, Vec<Layer>)> {
    let mut found = Vec::new();
    for layer in all(text) {
        if depth > 1 {
            for (bytes, mut way) in deep(&layer.bytes, depth - 1) {
                way.push(layer.clone());
                found.push((bytes, way));
            }
        }
        found.push((layer.bytes.clone(), vec![layer]));
    }
    found
}

/// Returns the stretches of `text` that say `secret` in exactly one decoding.
fn origins(text: &str, secret: &str, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for (bytes, way) in deep(text.as_bytes(), depth) {
        if way.len() != depth {
            continue;
        }
        if let Some(at) = memchr::memmem::find(&bytes, secret.as_bytes()) {
            let inner = at..at + secret.len();
            let outer = way.iter().fold(inner, |span, layer| layer.origin(&span));
            found.push(text[outer].to_owned());
        }
    }
    found
}

#[track_caller]
fn assert_says(text: &str, secret: &str, origin: &str) {
    assert_eq!(origins(text, secret, 1), [origin], "{text}");
}

#[track_caller]
fn assert_closed(text: &str) {
    let found: Vec<String> = all(text.as_bytes())
        .iter()
        .map(|layer| String::from_utf8_lossy(&layer.bytes).into_owned())
        .collect();
    assert_eq!(found, [""; 0], "{text}");
}

#[test]
fn base64_of_any_make_says_its_text() {
    let key = filled("sk-ant-api03-{{base64url 93}}AA");
    for head in ["key=", "a key ~ ", "the key: ", "ключ??>>~~ "] {
        for (signs, is_padded) in [(*b"+/", true), (*b"+/", false), (*b"-_", true), (*b"-_", false)]
        {
            let blob = encode_base64(format!("{head}{key}").as_bytes(), signs, is_padded);
            let text = format!("  api_key: \"{blob}\"\n");
            let found = blobs(text.as_bytes());
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(&text[found[0].outer.clone()], blob);
            assert_eq!(found[0].bytes, format!("  api_key: \"{head}{key}\"").as_bytes());
        }
    }
}

#[test]
fn the_origin_in_base64_is_the_characters_that_hold_a_bit_of_it() {
    let text = format!("x: {}", base64("user=me\npass=abcdefgh\n"));
    // `pass` is bytes 8 to 12: bits 64 to 96, characters 10 to 16 of the blob.
    assert_says(&text, "pass", &text[3 + 10..3 + 16]);
    assert_says(&text, "user=me\npass=abcdefgh\n", &text[3..3 + 30]);
}

#[test]
fn base64_goes_on_over_lines() {
    let secret = filled("AWS_SECRET_ACCESS_KEY={{base64 40}}");
    let blob = base64(&format!("[default] # the one that is used for everything\n{secret}\n"));
    for width in [32, 60, 64, 70, 76] {
        for between in
            ["\n", "\r\n", "\n    ", "\\n", "\\\n", "\"\n  \"", "\" +\n    \"", "' \\\n '"]
        {
            let text =
                format!("data:\n  config: >\n    {}\nnext: 1\n", wrapped(&blob, width, between));
            let found = blobs(text.as_bytes());
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].bytes.ends_with(format!("{secret}\n").as_bytes()), "{text}");
            assert_eq!(&text[found[0].outer.clone()], wrapped(&blob, width, between));
        }
    }
}

#[test]
fn a_blob_ends_where_other_things_begin() {
    let blob = base64("postgres://user:password@host/db");
    for next in
        ["OTHER=1", "\"OTHER\": \"x\"", "OTHER=\"x\"", "other: x", "- OTHERTHING", "# OTHER"]
    {
        for blob in [&blob, blob.trim_end_matches('=')] {
            let text = format!("{blob}\n{next}\n");
            let found = blobs(text.as_bytes());
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].bytes, b"postgres://user:password@host/db", "{text}");
            let text = format!("\"{blob}\",\n\"{next}\"\n");
            assert_eq!(blobs(text.as_bytes())[0].outer, 1..blob.len() + 1);
        }
    }
}

#[test]
fn a_closed_quote_must_be_opened_again() {
    let (one, two) = (base64("password: hunter2!"), base64("more of the same!!"));
    let joined = blobs(format!("\"{one}\"\n  \"{two}\"").as_bytes());
    assert_eq!(joined.len(), 1);
    assert!(joined[0].bytes.ends_with(b"password: hunter2!more of the same!!\""));
    assert_eq!(blobs(format!("\"{one}\"\n  {two}").as_bytes()).len(), 2);
}

#[test]
fn a_value_behind_another_is_its_own_blob() {
    let (one, two) = (base64("user: me, and some"), base64("password: hunter21"));
    let text = format!("data:\n  one: {one}\n  two: {two}\n");
    let found: Vec<Vec<u8>> = blobs(text.as_bytes()).into_iter().map(|l| l.bytes).collect();
    assert_eq!(found, [&b"  one: user: me, and some"[..], b"  two: password: hunter21"]);
}

#[test]
fn a_short_value_keeps_its_name() {
    let said = |text: &str| {
        let found = blobs(text.as_bytes());
        let said = found.iter().map(|layer| String::from_utf8(layer.bytes.clone()).unwrap());
        (said.collect::<Vec<String>>(), found)
    };
    let (user, pass) = (base64("administrator"), base64("hunter22"));
    let (texts, _) = said(&format!("data:\n  user: {user}\n  password: {pass}\n"));
    assert_eq!(texts, ["  user: administrator", "  password: hunter22"]);
    let text = format!("{{\"user\":\"{user}\",\"password\":\"{pass}\"}}");
    let (texts, found) = said(&text);
    assert_eq!(texts, ["{\"user\":\"administrator\"", "\",\"password\":\"hunter22\""]);
    assert_eq!(found[1].origin(&(3..11)), 32..40);
    assert_eq!(found[1].origin(&(14..22)), 43..54);
    assert_eq!(found[1].origin(&(22..23)), 55..56);
    assert_eq!(found[1].outer, 43..55);
    let far = format!("{}x{} {}", "y".repeat(50), "z".repeat(120), base64("a long password"));
    assert_eq!(said(&far).0, [" a long password"]);
    assert_eq!(said(&base64("one\ntwo, and more")).0, ["one\ntwo, and more"]);
}

#[test]
fn marks_before_a_blob_are_no_part_of_it() {
    let blob = base64("password = hunter2");
    for before in ["+", "-", "\\n", "\\t", "a\n+", "$"] {
        let text = format!("{before}{blob}");
        let found = blobs(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].outer, before.len()..text.len());
        assert!(found[0].bytes.ends_with(b"password = hunter2"), "{text}");
    }
}

#[test]
fn a_short_run_needs_its_padding() {
    assert_eq!(blobs(b"password: aHVudGVyMjI=").len(), 1);
    assert_closed("password: aHVudGVyMjI");
    assert_closed("password: aHVudGVyMjI=x");
}

#[test]
fn powershell_commands_are_utf_16() {
    let command = "Invoke-Thing -Key 'päss_word 🔑 1234567890'";
    let wide: Vec<u8> = command.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for mark in [&[][..], &[0xFF, 0xFE]] {
        let blob = encode_base64(&[mark, &wide].concat(), *b"+/", true);
        let text = format!("powershell -EncodedCommand {blob}");
        let found = blobs(text.as_bytes());
        let said = String::from_utf8_lossy(&found[0].bytes);
        assert_eq!(said, format!("powershell -EncodedCommand {command}"));
        let inner = said.find("1234567890").unwrap();
        let outer = found[0].origin(&(inner..inner + 10));
        let inner = command.find("1234567890").unwrap();
        let units = command[..inner].encode_utf16().count() * 2 + mark.len();
        let start = 27 + units * 8 / 6;
        assert_eq!(outer, start..27 + ((units + 20) * 8).div_ceil(6));
    }
}

#[test]
fn hex_says_its_text() {
    let key = filled("sk_live_{{alnum 24}}");
    let text = format!("token = 0x{}", hex(&key));
    assert_says(&text, &key, &text[10..]);
    assert_says(&hex(&key).to_uppercase(), "live", "6C697665");
    assert_closed(&hex(&key)[1..]);
}

#[test]
fn an_escape_inside_a_key_is_no_hiding_place() {
    let tail = filled("ant-api03-{{alnum 40}}");
    let key = format!("sk-{tail}");
    for dash in [
        "\\u002d",
        "\\u002D",
        "\\x2d",
        "\\055",
        "\\U0000002d",
        "\\u{2d}",
        "%2D",
        "%2d",
        "&#45;",
        "&#x2d;",
        "\\\n",
        "\\\r\n  ",
    ] {
        let text = format!("a\nlet k = \"sk{dash}{tail}\";\nb\n");
        let key = if dash.starts_with("\\\n") || dash.starts_with("\\\r") {
            key.replacen('-', "", 1)
        } else {
            key.clone()
        };
        assert_says(&text, &key, &format!("sk{dash}{tail}"));
    }
    let text = format!("sk\\_live\\_{tail}");
    assert_says(&text, &format!("sk_live_{tail}"), &text);
}

#[test]
fn signs_of_assignments_and_urls_are_read() {
    let key = filled("sk-{{alnum 40}}");
    assert_says(&format!("?key%3D{key}&x=1"), &format!("key={key}"), &format!("key%3D{key}"));
    assert_says("jdbc\\:mysql\\://me\\:hunter2@db/x", "//me:hunter2@", "//me\\:hunter2@");
    assert_says("url\\=x\\:hunter2", "url=x:hunter2", "url\\=x\\:hunter2");
    let slashes = filled("{{alnum 12}}\\/{{alnum 20}}\\/{{alnum 6}}");
    assert_says(&format!("\"{slashes}\""), &slashes.replace('\\', ""), &slashes);
    assert_says("\"https:\\/\\/me:pw@host\"", "https://me:pw@host", "https:\\/\\/me:pw@host");
    let account = filled("AccountKey={{base64 20}}%2B{{base64 20}}%3D%3D");
    let plain = account.replace("%2B", "+").replace("%3D", "=");
    assert_says(&account, &plain, &account);
}

#[test]
fn json_in_a_json_string_becomes_json() {
    let text = r#"{"body": "{\"api_key\": \"päss\\\"word\", \"n\": 1}\n"}"#;
    let found: Vec<Layer> = layers(text.as_bytes()).collect();
    assert_eq!(found.len(), 1);
    let inner = String::from_utf8(found[0].bytes.clone()).unwrap();
    assert_eq!(inner, "{\"body\": \"{\"api_key\": \"päss\\\"word\", \"n\": 1}\n\"}");
    assert_says(text, "päss\\\"word", "päss\\\\\\\"word");
}

#[test]
fn a_file_in_a_string_becomes_lines() {
    let text = r#"env = "HOST=x\nDB_PASSWORD=hunter2\nUSER=y\n""#;
    assert_says(text, "\nDB_PASSWORD=hunter2\n", "\\nDB_PASSWORD=hunter2\\n");
    assert_says("a\\tb\\r\\n  password: x", "\r\n  password", "\\r\\n  password");
}

#[test]
fn entities_around_data_are_read() {
    let text = "<a>{&quot;key&quot;: &quot;a&amp;b&quot;}</a>";
    assert_says(text, "\"key\": \"a&b\"", "&quot;key&quot;: &quot;a&amp;b&quot;");
    assert_says("&lt;password>x&lt;/password>", "</password>", "&lt;/password>");
    assert_says("?a=1&amp;token=x", "1&token=x", "1&amp;token=x");
    assert_says("key&equals;&#120;y", "key=xy", "key&equals;&#120;y");
    assert_says("key&#x1F511;&#61;1", "key🔑=1", "key&#x1F511;&#61;1");
}

#[test]
fn quoted_printable_is_read_where_it_shows_itself() {
    let text = "Content-Transfer-Encoding: quoted-printable\n\ntoken: abcdef=\r\nghijkl here\n";
    assert_says(text, "token: abcdefghijkl", "token: abcdef=\r\nghijkl");
    assert_says("key=3D=41bc", "key=Abc", "key=3D=41bc");
    assert_closed("token: abcdef=\nghijkl\nwidth=50");
}

#[test]
fn two_encodings_inside_each_other_are_two_layers() {
    let key = filled("ghp_{{alnum 36}}");
    let line = format!("token = \"{key}\"\n");
    let json = |text: &str| format!("{{\"a\": {}}}", serde_json::to_string(text).unwrap());
    let inner = [base64(&line), hex(&line), percent(&line), json(&json(&line))];
    let outer: [fn(&str) -> String; 5] = [
        base64,
        hex,
        |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        |text| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        |text| text.bytes().map(|byte| format!("&#{byte};")).collect(),
    ];
    for first in &inner {
        for second in outer {
            let text = format!("value: {}", second(first));
            assert!(!origins(&text, &key, 2).is_empty(), "{text}");
        }
    }
    let thrice = base64(&percent(&hex(&line)));
    assert!(origins(&thrice, &key, 2).len() == 1, "hex needs no percent-encoding");
    assert!(!origins(&base64(&base64(&base64(&line))), &key, 3).is_empty());
    let twice = base64(&base64(&line));
    assert_says(&twice, &base64(&line), twice.trim_end_matches('='));
}

#[test]
fn a_layer_names_its_encoding() {
    let texts = [
        (base64("password: hunter2"), Encoding::Base64),
        (hex("password: hunter2"), Encoding::Hex),
        ("a\\u0041".to_owned(), Encoding::Backslash),
        ("a%41".to_owned(), Encoding::Percent),
        ("a&#65;".to_owned(), Encoding::Entity),
        ("a=3D".to_owned(), Encoding::QuotedPrintable),
    ];
    for (text, encoding) in texts {
        let found: Vec<Encoding> = all(text.as_bytes()).iter().map(|l| l.encoding).collect();
        assert_eq!(found, [encoding], "{text}");
    }
}

#[test]
fn escaped_padding_does_not_hide_base64() {
    let blob = base64("password: hunter2, and more of it.");
    assert!(blob.ends_with('='));
    for equals in ["%3D", "\\u003d", "&#61;"] {
        let text = format!("x=\"{}\"", blob.replace('=', equals));
        assert!(!origins(&text, "hunter2", 2).is_empty(), "{text}");
    }
}

#[test]
fn what_says_nothing_stays_closed() {
    for text in [
        "let user_identifier_from_request_context = getUserIdentifierFromRequestContext();",
        "/usr/local/share/applications/com.example.Something.desktop",
        "if a && b || c % 2 == 0 && *p++ { printf(\"%d %s %5.2f%%\\n\", &x, y); }",
        "see https://example.com/some/long/path?with=params&and=more#fragment",
        "let re = r\"^\\s*(\\w+)\\.(\\d{2,4})\\b[^\\]]+$\";",
        "\\documentclass{article} \\begin{document} \\section{Some}",
        "\"He said \\\"hello there\\\" and left.\\n\"",
        "<p>It&#39;s &lt;b&gt;bold&lt;b&gt; &amp; nice&nbsp;&mdash; &quot;so&quot; they say</p>",
        "printf(\"%2d:%02x %-20s %5d%%\", a, b)",
        "{\"greeting\": \"\\u4f60\\u597d \\u00e9t\\u00e9\"}",
        "path = \"C:\\\\Users\\\\name\\\\AppData\"",
        "AAAA,SAASA,gBACP,MAAM,CAAC,GAAG,OAAO,CAAC,IAAI,CAAC;AAChB,WAAW",
        "a { .md\\:flex { width: calc(100%-2px) } .w-1\\/2 {} }",
        "=====================================\n----------------------------------",
        "",
        "\\",
        "%",
        "&",
        "&#",
        "%4",
        "\\u00",
        "\\x",
    ] {
        assert_closed(text);
    }
}

#[test]
fn random_keys_and_hashes_stay_closed() {
    for kind in ["hex 32", "hex 40", "hex 64", "alnum 40", "base64 43", "base64url 93", "digits 40"]
    {
        for seed in 0..3000 {
            let text = expand(&format!("{{{{{kind}}}}}"), seed).unwrap().text;
            assert_closed(&text);
        }
    }
}

#[test]
fn binary_data_in_base64_stays_closed() {
    let gif = [b"GIF89a".as_slice(), &[1, 0, 1, 0, 0x80, 0, 0], &[7; 60]].concat();
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 60]].concat();
    let der = [b"\x30\x82\x04\xa3\x02".as_slice(), &[0x5A; 60]].concat();
    let zip = [b"PK\x03\x04".as_slice(), &[b'a'; 60]].concat();
    for bytes in [gif, png, der, zip, vec![0; 60], vec![0xFF; 60]] {
        assert_closed(&format!("data:x;base64,{}", encode_base64(&bytes, *b"+/", true)));
    }
}

#[test]
fn text_before_binary_is_read_up_to_the_binary() {
    let bytes = [b"password=hunter2 ".repeat(600), vec![0x92; 90_000]].concat();
    let text = encode_base64(&bytes, *b"+/", true);
    let found = blobs(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].bytes.len(), 10_200);
}

#[test]
fn a_line_of_something_else_is_left_alone() {
    let other = expand("{{base64 76}}", 1).unwrap().text;
    let own = base64(&format!("{:57}", "password = hunter2; and more of the same"));
    assert!(own.len() == 76 && !own.ends_with('='));
    let text = format!("{own}\n{other}\n");
    let found = blobs(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outer, 0..own.len());
    // Such a line may also begin with a few bytes that read as text.
    let text = format!("{own}\n{}{}\n", base64("abc"), &other[4..]);
    assert_eq!(blobs(text.as_bytes())[0].outer, 0..own.len());
}

#[test]
fn tokens_of_three_parts_stay_closed() {
    let part = |text: &str| encode_base64(text.as_bytes(), *b"-_", false);
    let token =
        format!("{}.{}.abc", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), part("{\"sub\":1}"));
    assert_closed(&token);
}

#[test]
fn a_layer_is_the_lines_around_and_no_more() {
    let filler = "nothing here\n".repeat(100);
    let text = format!("{filler}a%41b\n{filler}c%42d\ne%43f\n{filler}");
    let mut found: Vec<Vec<u8>> = layers(text.as_bytes()).map(|layer| layer.bytes).collect();
    found.sort();
    assert_eq!(found, [&b"aAb"[..], b"cBd\neCf"]);
    let long = format!("{}%41{}", "x".repeat(50_000), "y".repeat(50_000));
    let found: Vec<Layer> = layers(long.as_bytes()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outer, 50_000 - escape::AROUND..50_003 + escape::AROUND);
}

/// Counts what layers hold: a measure of work that no clock disturbs.
fn volume(text: &[u8]) -> usize {
    all(text).iter().map(|layer| layer.bytes.len()).sum()
}

#[test]
fn hostile_texts_stay_linear_and_small() {
    let hostile = [
        "%41".repeat(300_000),
        "\\u0041".repeat(200_000),
        "\\\"=".repeat(300_000),
        "\\".repeat(1_000_000),
        "&#65;".repeat(200_000),
        "&".repeat(1_000_000),
        "=41".repeat(300_000),
        "=3D\n".repeat(200_000),
        "%41\n".repeat(200_000),
        "U".repeat(1_000_000),
        wrapped(&"U".repeat(1_000_000), 70, "\n"),
        wrapped(&"U".repeat(1_000_000), 1, "\n"),
        wrapped(&"U".repeat(1_000_000), 16, "\\n"),
        format!("{} ", "UUUUUUUUUUUUUUUU").repeat(50_000),
        "5".repeat(1_000_000),
        "55a5".repeat(250_000),
        "/n=\\n".repeat(200_000),
        "\\\n ".repeat(200_000),
    ];
    for text in hostile {
        let start = &text[..text.len().min(12)];
        assert!(volume(text.as_bytes()) <= text.len() * 5 / 4, "{start}");
        for layer in layers(text.as_bytes()) {
            assert!(layer.outer.len() <= escape::REGION_MAX + 2 * escape::AROUND, "{start}");
        }
    }
}

#[test]
fn a_cut_in_a_long_line_does_not_hide_a_key() {
    let key = "sk%2Dant%2Dapi03%2Dabcdefghijklmnopqrstuvwxyz";
    for offset in (0..escape::REGION_MAX + 8_000).step_by(997) {
        let text = format!("{}{key}{}", "%41".repeat(offset / 3), "%42".repeat(30_000));
        let found = origins(&text, "sk-ant-api03-abcdefghijklmnopqrstuvwxyz", 1);
        assert!(!found.is_empty() && found.iter().all(|origin| origin == key), "{offset}");
    }
}

fn bytes_of_all_kinds() -> impl Strategy<Value = Vec<u8>> {
    let telling = proptest::sample::select(vec![
        "\\",
        "%",
        "&",
        "=",
        "\n",
        "\r\n",
        "\"",
        "u",
        "x",
        "U",
        "{",
        "}",
        "4",
        "41",
        "0041",
        "#65;",
        "quot;",
        "3D",
        "key",
        ":",
        "/",
        "_",
        " ",
        "\\n",
        "\\\"",
        "\\\\",
        "%41",
        "=3D",
        "é",
        "\\ud83d",
        "\\udd11",
        "UUUUUUUUUUUUUUUUUUUUUUUU",
        "QUJDREVGR0hJSktM",
        "736b2d616e74",
        "cABhAHMAcwA=",
    ]);
    let piece = prop_oneof![
        8 => telling.prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn origins_stay_inside_and_in_order(text in bytes_of_all_kinds()) {
        for layer in all(&text) {
            prop_assert!(layer.outer.start < layer.outer.end && layer.outer.end <= text.len());
            prop_assert!(layer.bytes.len() <= layer.outer.len() + 128 + 1);
            let mut last = 0..0;
            for at in 0..layer.bytes.len() {
                let origin = layer.origin(&(at..at + 1));
                prop_assert!(origin.start < origin.end && origin.end <= text.len());
                prop_assert!(last.start <= origin.start && last.end <= origin.end);
                prop_assert_eq!(layer.origin(&(at..at)), origin.start..origin.start);
                last = origin;
            }
            let whole = layer.origin(&(0..layer.bytes.len()));
            prop_assert_eq!(&whole.end, &last.end);
            if !matches!(layer.encoding, Encoding::Base64 | Encoding::Hex) {
                prop_assert!(layer.outer.start <= whole.start && whole.end <= layer.outer.end);
            }
        }
    }

    #[test]
    fn what_was_encoded_is_found(
        head in "[ -~]{3,30}",
        key in "[A-Za-z0-9_-]{20,60}",
        tail in "[ -~]{0,30}",
        way in 0..6usize,
        seed in any::<u64>(),
    ) {
        let whole = format!("{head}={key};{tail}");
        let text = match way {
            0 => base64(&whole),
            1 => encode_base64(whole.as_bytes(), *b"-_", false),
            2 => hex(&whole),
            3 => format!("{}%5F{}", &key[..9], &key[9..]),
            4 => format!("x = '{}\\x5f{}'", &key[..9], &key[9..]),
            _ => format!("{}&#95;{}", &key[..9], &key[9..]),
        };
        let key = if way < 3 { key } else { format!("{}_{}", &key[..9], &key[9..]) };
        let before = ["", "a: ", "\"", "\n\n  ", "('"][(seed % 5) as usize];
        let text = format!("{before}{text}\n");
        prop_assert!(!origins(&text, &key, 1).is_empty(), "{}", text);
    }
}

//! Texts that say where a secret is, instead of what it is.
//!
//! A strong password may start with `$`, `<`, `%` or `@` and hold a brace. So a sign alone says
//! nothing: behind it must stand a name or an expression as its language writes them.

use super::dummy;
use super::fold::{Folded, contains, find};
use crate::detect::words::Parts;

/// Returns whether the text says where a secret is.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let folded = Folded::of(value);
    let text = folded.bytes();
    is_variable(value)
        || is_enclosed(value)
        || has_template(value)
        || is_store_address(text)
        || is_tagged(text)
        || is_member(value)
        || LOOKUPS.is_in(text)
        || ENCRYPTED.iter().any(|start| text.starts_with(start))
}

/// Expressions that read an environment, a setting or a store, in small letters.
static LOOKUPS: Parts = Parts::new(&[
    b"process.env",
    b"import.meta.env",
    b"os.environ",
    b"environ[",
    b"environ.get(",
    b"getenv(",
    b"getenv ",
    b"get_env(",
    b"getenvironmentvariable",
    b"deno.env",
    b"bun.env",
    b"env::var",
    b"env.fetch",
    b"env.get(",
    b"env[",
    b"env(\"",
    b"env('",
    b"$env:",
    b"$_env",
    b"$_server[",
    b"system.fetch_env",
    b"system.get_env",
    b"system.getprop",
    b"sys.getenv",
    b"application.credentials",
    b"credentials.dig(",
    b"configuration[\"",
    b"configuration.getvalue",
    b"appsettings[",
    b"getconnectionstring(",
    b"viper.get",
    b"getpass(",
    b"get_secret",
    b"getsecret",
    b"get_password(",
    b"getpassword(",
    b"access_secret_version",
    b"secretmanager",
    b"secretsmanager",
    b"secretkeyref",
    b"configmapkeyref",
    b"secret_key_ref",
    b"valuefrom",
    b"st.secrets",
    b"userdata.get(",
    b"fromjson(",
    b"lookup(",
    b"keyvault",
    b"vault.azure.net",
    b"vault.read(",
    b"dbutils.secrets",
    b"tf_var_",
]);

/// Encrypted values: the key that opens them is elsewhere.
const ENCRYPTED: &[&[u8]] = &[
    b"enc[aes",
    b"enc[pkcs7,",
    b"enc[gpg,",
    b"enc[",
    b"enc(",
    b"{cipher}",
    b"$ansible_vault",
    b"!vault",
    b"ansible_vault;",
    b"vault:v1:",
];

/// `$NAME`, `$name.member`, `${NAME…}`, `%NAME%`, `@NAME@`, and texts joined from them.
fn is_variable(value: &[u8]) -> bool {
    let Some((first, rest)) = value.split_first() else { return false };
    match first {
        b'$' => {
            let name = rest.strip_prefix(b"$").unwrap_or(rest);
            (is_joined_names(name) && !is_crypt(value))
                || matches!(name, [b'0'..=b'9' | b'*' | b'@' | b'#'])
        }
        b'%' | b'@' => {
            let inside = rest.strip_suffix(&[*first]);
            inside.is_some_and(|inside| inside.len() >= 2 && is_dotted(inside))
        }
        _ => false,
    }
}

/// `NAME`, `this->password`, `db['pass']`, `A-$B`, `NAME/path`: what may follow a `$`.
fn is_joined_names(text: &[u8]) -> bool {
    let len = name_len(text);
    if len == 0 || !is_plausible(&text[..len]) {
        return false;
    }
    let rest = &text[len..];
    rest.is_empty()
        || matches!(rest, [b'.' | b'[' | b'/', ..] | [b'-', b'>', ..] | [b':', b':', ..])
        || is_joined_to_next(rest)
}

/// `$apr1$salt$hash`, `$argon2id$v=19$…`: a password hash, not three variables.
fn is_crypt(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'$').skip(1);
    let is_id = |id: &[u8]| {
        id.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    parts.next().is_some_and(is_id) && parts.count() >= 2 && value.len() >= 20
}

/// `1}`, `1:-x}`: an argument of a shell script.
fn is_argument(inside: &[u8]) -> bool {
    matches!(inside, [b'0'..=b'9' | b'*' | b'@', b'}' | b':' | b'-' | b'?', ..])
}

/// Punctuation and then the next variable.
fn is_joined_to_next(rest: &[u8]) -> bool {
    let next = memchr::memchr(b'$', rest);
    next.is_some_and(|next| {
        next <= 3
            && !rest[..next].iter().any(u8::is_ascii_alphanumeric)
            && (rest[next..].starts_with(b"${") || is_joined_names(&rest[next + 1..]))
    })
}

/// `<your key>`, `<%= … %>`, `[[name]]`, `` `command` ``: an opening and its closing.
fn is_enclosed(value: &[u8]) -> bool {
    match value {
        [b'`', inside @ .., b'`'] => is_command(inside),
        [b'[', b'[', inside @ .., b']', b']'] => is_phrase(inside),
        [b'<', b'%', ..] | [b'<', b'?', ..] => true,
        [b'<', inside @ .., b'>'] => is_phrase(inside),
        // A pattern may have stopped at the closing sign.
        [b'<', inside @ ..] => inside.len() >= 3 && is_phrase(inside),
        _ => false,
    }
}

/// `cat /run/secrets/token`, `hostname`: a word that could be a program, then anything.
fn is_command(text: &[u8]) -> bool {
    let len = text.iter().take_while(|byte| is_name_byte(**byte) || b"./-".contains(byte)).count();
    len >= 2 && (text.get(len) == Some(&b' ') || text.iter().all(u8::is_ascii_lowercase))
}

/// Letters in words, as people fill brackets with: at most a digit or two.
pub(super) fn is_phrase(text: &[u8]) -> bool {
    let is_phrased = |byte: &u8| {
        byte.is_ascii_alphanumeric() || !byte.is_ascii() || b" _-.:/|<>'".contains(byte)
    };
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).count();
    letters >= 2
        && text.iter().all(is_phrased)
        && text.split(|byte| !byte.is_ascii_alphanumeric()).all(|word| {
            word.is_empty() || is_plausible(word) || word.iter().all(u8::is_ascii_digit)
        })
}

/// Openings of templates; behind each stands a name.
const TEMPLATES: &[(&[u8], &[u8])] =
    &[(b"${", b"}"), (b"#{", b"}"), (b"@{", b"}"), (b"%{", b"}"), (b"%(", b")")];

fn has_template(value: &[u8]) -> bool {
    let is_template = |(open, close): &(&[u8], &[u8])| {
        let Some(at) = find(value, open) else { return false };
        let inside = &value[at + open.len()..];
        let inside = inside.trim_ascii_start();
        let end = find(inside, close);
        let name = name_len(inside);
        // The pattern may have stopped inside: then the name goes on to the end.
        match end {
            Some(0) | None => name >= 2 && name == inside.len(),
            Some(_) => {
                is_argument(inside)
                    || matches!(inside.first(), Some(b'{' | b'.' | b'#' | b'!' | b'$' | b'\''))
                    || (name > 0 && is_plausible(&inside[..name]))
            }
        }
    };
    TEMPLATES.iter().any(is_template)
        || has_double_braces(value)
        || has_command(value)
        || has_field(value)
}

/// `{{ .Values.key }}`, `{{key}}`, `{% … %}`, `{{{key}}}`.
fn has_double_braces(value: &[u8]) -> bool {
    let is_open = |open: &&[u8]| {
        find(value, open).is_some_and(|at| {
            let inside = value[at + 2..].trim_ascii_start();
            inside.is_empty()
                || matches!(inside.first(), Some(b'.' | b'{' | b'-' | b'$' | b'"' | b'\'' | b'('))
                || inside.first().is_some_and(u8::is_ascii_alphabetic)
        })
    };
    [&b"{{"[..], b"{%", b"<%"].iter().any(is_open)
}

/// `$(command …)`, `$(<file)`, `$(Name)`.
fn has_command(value: &[u8]) -> bool {
    let Some(at) = find(value, b"$(") else { return false };
    let inside = &value[at + 2..];
    let word = inside.strip_prefix(b"<").unwrap_or(inside);
    let word = word.strip_prefix(b"(").unwrap_or(word);
    let len = word.iter().take_while(|byte| is_name_byte(**byte) || b"./-".contains(byte)).count();
    let is_whole = len == word.len();
    let is_closed = contains(&word[len..], b")");
    len >= 2 && (is_closed || is_whole || word[len] == b' ')
}

/// `{name}`, `{self.key}`, `{key!r}`, `{0}`: a field of a format string.
fn has_field(value: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'{', value) else { return false };
    let rest = &value[open + 1..];
    let Some(close) = memchr::memchr(b'}', rest) else { return false };
    let inside = &rest[..close];
    let end = inside.iter().position(|byte| matches!(byte, b'!' | b':' | b'[' | b'('));
    let name = &inside[..end.unwrap_or(inside.len())];
    let is_whole = open == 0 && close + 2 == value.len();
    let is_named = is_dotted(name) && (name.len() >= 2 || is_whole);
    is_named || (is_whole && inside.iter().all(u8::is_ascii_digit))
}

/// Schemes of stores; behind each stands a path.
const STORES: &[&[u8]] = &[
    b"1password:",
    b"akeyless:",
    b"akv:",
    b"awskms:",
    b"awssm:",
    b"aws-sm:",
    b"awsssm:",
    b"azkv:",
    b"azurekeyvault:",
    b"bitwarden:",
    b"bws:",
    b"conjur:",
    b"credstash:",
    b"doppler:",
    b"dotenv:",
    b"env:",
    b"file:",
    b"gcpsm:",
    b"gcp-sm:",
    b"gsm:",
    b"gopass:",
    b"infisical:",
    b"keepass:",
    b"keeper:",
    b"keychain:",
    b"keyring:",
    b"keyvault:",
    b"kv:",
    b"op:",
    b"pass:",
    b"resolve:",
    b"secret:",
    b"secretref:",
    b"secrets:",
    b"secretsmanager:",
    b"sm:",
    b"sops:",
    b"ssm:",
    b"vault:",
    b"secret/data/",
    b"secret/metadata/",
    b"kv/data/",
];

/// Names of resources in clouds.
const RESOURCES: &[&[u8]] =
    &[b"arn:aws", b"ocid1.", b"projects/", b"/subscriptions/", b"crn:v1:", b"acs:", b"ref+"];

fn is_store_address(text: &[u8]) -> bool {
    let is_path = |rest: &[u8]| {
        let rest = rest.strip_prefix(b"//").unwrap_or(rest);
        rest.len() >= 2
            && rest
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || b"/.~_$#".contains(byte))
            && rest.iter().all(|byte| {
                byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"/._-:#?&=$@ {}".contains(byte)
            })
            && is_worded(rest)
    };
    text.starts_with(b"op://") && text.len() > 8
        || STORES.iter().any(|store| text.strip_prefix(*store).is_some_and(is_path))
        || RESOURCES
            .iter()
            .any(|start| text.starts_with(start) && memchr::memchr2(b'/', b':', text).is_some())
        || contains(text, b"/secrets/") && is_path(text)
}

/// Returns whether each part of a path could be a word; `secret:9f8kq2…` is no path.
fn is_worded(path: &[u8]) -> bool {
    path.split(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()).all(|part| {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        part.len() <= 24 && (digits * 3 <= part.len() || digits == part.len())
            // Ids of vaults and items are as random as keys, but of a known length.
            || part.len() == 26
    })
}

/// Tags of YAML, macros of configuration languages; behind each stands an argument.
const TAGS: &[&[u8]] = &[
    b"!ref",
    b"!sub",
    b"!getatt",
    b"!importvalue",
    b"!secret",
    b"!env",
    b"!env_var",
    b"!var",
    b"!vault",
    b"!encrypted",
    b"!reference",
    b"!join",
    b"!findinmap",
    b"fn::",
    b"@microsoft.keyvault(",
    b"@env(",
    b"@secret(",
    b"@value(",
    b"env_var(",
];

fn is_tagged(text: &[u8]) -> bool {
    TAGS.iter().any(|tag| {
        text.strip_prefix(*tag).is_some_and(|rest| {
            !tag.starts_with(b"!") || matches!(rest.first(), None | Some(b' ' | b'[' | b'|' | b'/'))
        })
    })
}

/// What expressions of configuration languages and programs start with.
const ROOTS: &[&[u8]] = &[
    b"app",
    b"args",
    b"cfg",
    b"conf",
    b"config",
    b"configuration",
    b"context",
    b"credentials",
    b"ctx",
    b"data",
    b"each",
    b"env",
    b"environment",
    b"event",
    b"github",
    b"inputs",
    b"local",
    b"locals",
    b"module",
    b"needs",
    b"opts",
    b"options",
    b"output",
    b"params",
    b"path",
    b"process",
    b"props",
    b"rails",
    b"random_id",
    b"random_password",
    b"random_string",
    b"req",
    b"request",
    b"resource",
    b"secrets",
    b"self",
    b"session",
    b"settings",
    b"state",
    b"steps",
    b"this",
    b"values",
    b"var",
    b"vars",
];

/// `var.password`, `config.db.password`, `random_password.main.result`, `aws_x.main[0].secret`.
fn is_member(value: &[u8]) -> bool {
    let Some(dot) = memchr::memchr(b'.', value) else { return false };
    let root = &value[..dot];
    // `e.password}),children:…`: in minified code the text goes on behind the expression.
    let end = value.iter().position(|byte| b")}],;".contains(byte)).unwrap_or(value.len());
    let expression = &value[..end];
    if is_dotted(expression)
        && expression.rsplit(|byte| *byte == b'.').next().is_some_and(is_secret_word)
    {
        return true;
    }
    let is_root = ROOTS.iter().any(|known| known.eq_ignore_ascii_case(root)) || is_resource(root);
    let member = &value[dot + 1..];
    let len = name_len(member);
    is_root
        && len >= 2
        && is_plausible(&member[..len])
        && member[len..].iter().all(|b| is_name_byte(*b) || b".[]()'\"*-?! ,:".contains(b))
}

/// `connection.password`, `e.password`, `identity.sessionToken`: the last part says "secret".
fn is_secret_word(name: &[u8]) -> bool {
    let folded = Folded::of(name);
    folded.bytes().split(|byte| *byte == b'_').all(|word| word.is_empty() || dummy::is_words(word))
}

/// `aws_db_instance`, `google_secret_manager_secret_version`: a kind of resource in Terraform.
fn is_resource(root: &[u8]) -> bool {
    let providers: &[&[u8]] = &[b"aws_", b"azurerm_", b"google_", b"vault_", b"random_", b"tls_"];
    providers.iter().any(|provider| root.starts_with(provider))
        && root
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || *byte == b'_' || byte.is_ascii_digit())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn name_len(text: &[u8]) -> usize {
    if text.first().is_none_or(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.iter().take_while(|byte| is_name_byte(**byte)).count()
}

/// Names joined by dots and dashes.
fn is_dotted(text: &[u8]) -> bool {
    text.split(|byte| matches!(byte, b'.' | b'-'))
        .all(|part| name_len(part) == part.len() && !part.is_empty() && is_plausible(part))
}

/// Returns whether a name is one that a person gives: words in one case or humps, few digits.
fn is_plausible(name: &[u8]) -> bool {
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = name.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let turns = name
        .windows(2)
        .filter(|pair| {
            pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
                || pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic()
        })
        .count();
    let is_mixed =
        name.iter().any(u8::is_ascii_lowercase) && name.iter().any(u8::is_ascii_uppercase);
    let is_short_mix = is_mixed && name.iter().any(u8::is_ascii_digit) && turns > 0 && letters < 6;
    digits * 2 <= letters.max(name.len() - digits) && turns * 3 <= name.len() && !is_short_mix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn references_say_where_the_secret_is() {
        for text in [
            "$ADMIN_TOKEN",
            "$S3_KEY",
            "$password",
            "$this->password",
            "$config['db']['pass']",
            "$env:API_KEY",
            "$$KEY",
            "$USER-$PASS",
            "$HOME/.token",
            "${KEY}",
            "${KEY:-}",
            "${1}",
            "${1:-x}",
            "$1",
            "${db.password}",
            "${{ secrets.KEY }}",
            "${{secrets.KEY}}",
            "${KEY",
            "prefix-${KEY}",
            "#{ENV['KEY']}",
            "#{password}#",
            "@{keyVault.password}",
            "%{env.KEY}",
            "%KEY%",
            "%DB_PASSWORD%",
            "%(key)s",
            "@DB_PASSWORD@",
            "@password@",
            "$(cat /run/secrets/token)",
            "$(gh auth token)",
            "$(</run/secrets/token)",
            "$(Build.Token)",
            "`cat token`",
            "{{ .Values.key }}",
            "{{key}}",
            "{{ vault_password }}",
            "{{ lookup('env', 'KEY') }}",
            "{{resolve:ssm:/prod/key:1}}",
            "{% if key %}",
            "<%= ENV['KEY'] %>",
            "<%= key",
            "<?php echo $key ?>",
            "<your key>",
            "<your-api-key",
            "<API_KEY>",
            "[[key]]",
            "{password}",
            "{self.token}",
            "{key!r}",
            "{0}",
            "Bearer {token}",
            "op://Development/Claude/credential",
            "op://{{alnum-lower 26}}/x/password",
            "vault:secret/data/x#key",
            "vault://secret/data/x",
            "ssm:/prod/key",
            "secret://app/key",
            "secret:app/key",
            "secret/data/app",
            "ref+vault://secret/app#/key",
            "ref+sops://file.yaml#/key",
            "awssm://prod/key",
            "keyring:app",
            "env:API_KEY",
            "file:/run/secrets/x",
            "file:///run/secrets/x",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/api",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/key",
            "projects/acme/secrets/key/versions/latest",
            "sm://acme/key",
            "https://acme.vault.azure.net/secrets/key",
            "@Microsoft.KeyVault(SecretUri=https://acme)",
            "ENC[AES256_GCM,data:x]",
            "ENC(abcd)",
            "{cipher}abcdef",
            "$ANSIBLE_VAULT;1.1;AES256",
            "!vault |",
            "!Ref Password",
            "!Sub ${Password}",
            "!GetAtt Db.Password",
            "!secret wifi_password",
            "!env KEY",
            "process.env.KEY",
            "import.meta.env.KEY",
            "os.environ['KEY']",
            "os.getenv(\"KEY\")",
            "System.getenv(\"KEY\")",
            "Deno.env.get(\"KEY\")",
            "env::var(\"KEY\")",
            "ENV.fetch(\"KEY\")",
            "ENV[\"KEY\"]",
            "$_ENV['KEY']",
            "Sys.getenv('KEY')",
            "Environment.GetEnvironmentVariable(\"KEY\")",
            "Rails.application.credentials.key",
            "builder.Configuration[\"Key\"]",
            "viper.GetString(\"key\")",
            "secretKeyRef",
            "var.password",
            "var.users[\"anna\"].password",
            "local.password",
            "data.aws_secretsmanager_secret_version.app.secret_string",
            "random_password.main.result",
            "aws_db_instance.main.password",
            "module.db.password",
            "self.password",
            "this.token",
            "config.api_key",
            "connection.password",
            "e.password",
            "e.password})),children:[",
            "s3ExpressIdentity.sessionToken",
            "settings.SECRET_KEY",
            "secrets.API_KEY",
            "lookup('env', 'KEY')",
        ] {
            let text = expand(text, 1).unwrap().text;
            assert!(is_reference(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_sign_at_the_start_is_no_reference() {
        let texts = [
            "$T7k!pQ9z",
            "$9kd!xW",
            "$kV7xQ2m",
            "$K7d-Mq2!x",
            "<T7k!pQ9z",
            "<kV7xQ2m9Lp",
            "<T7!k>x",
            "%T7k!pQ9z",
            "%kV7!x%",
            "@T7k!pQ9z",
            "@kV7!x@",
            "{T7k!pQ9z",
            "x{9Kd}2mQ",
            "aB3$kd9",
            "aB3${9!x",
            "aB$(9k!",
            "aB#{9k!}",
            "`T7k",
            "a{b}C9!x",
            "op:9k!xW2",
            "env.9k!xW2",
            "!T7k9xQ",
            "[T7k!pQ9z]",
            "$2b$12$kV7xQ2m9LpT7kpQ9z",
            "$apr1$kV7xQ2m9$LpT7kpQ9zWbTn3rFa81cd0",
            "",
            "$",
            "<>",
            "%%",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| is_reference(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn passwords_of_a_manager_are_no_references() {
        // Four random parts with a sign before, between and behind them.
        let signs = b"$<%@{!#&*([`~";
        let total = 4000;
        let wrong: Vec<String> = (0..total)
            .filter_map(|seed| {
                let sign = |at: usize| char::from(signs[(seed as usize >> at) % signs.len()]);
                let body =
                    format!("{}{{{{alnum 3}}}}{}{{{{alnum 7}}}}{}", sign(0), sign(3), sign(6));
                let text = expand(&body, seed).unwrap().text;
                is_reference(text.as_bytes()).then_some(text)
            })
            .collect();
        assert!(wrong.len() as u64 * 200 <= total, "{wrong:?}");
    }
}

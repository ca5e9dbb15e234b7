using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PasswordSync.Providers.Redaction;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Redaction;

public sealed class RedactorTests
{
    private static readonly string[] Passwords =
    [
        "C4nary!Passw0rd",
        "P@ss \"wörd\" €\\&<100%>",
        "e\u0301té-\U0001F511-clef/+=",
        "tabs\tand'quotes''",
        "\\\\srv\\share\\%PATH%",
        "Abc1",
    ];

    private static readonly JsonSerializerOptions RelaxedJson = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, Func<string, string>> Encodings = new()
    {
        ["plain"] = text => text,
        ["upper case"] = text => text.ToUpperInvariant(),
        ["in double quotes"] = text => $"\"{text}\"",
        ["JSON"] = text => JsonSerializer.Serialize(text),
        ["JSON, relaxed"] = text => JsonSerializer.Serialize(text, RelaxedJson),
        ["URL"] = Uri.EscapeDataString,
        ["URL, lower case"] = text => WebUtility.UrlEncode(text).ToLowerInvariant(),
        ["HTML"] = WebUtility.HtmlEncode,
        ["SQL"] = text => text.Replace("'", "''", StringComparison.Ordinal),
        ["LDAP filter"] = text => PasswordSync.Ldap.LdapFilter.Escape(text),
        ["LDAP filter, every byte"] = text => string.Concat(Encoding.UTF8.GetBytes(text).Select(value => $"\\{value:x2}")),
        ["C, hexadecimal"] = text => string.Concat(Encoding.UTF8.GetBytes(text).Select(value => $"\\x{value:X2}")),
        ["C, octal"] = text => string.Concat(Encoding.UTF8.GetBytes(text).Select(value => $"\\{Convert.ToString(value, 8).PadLeft(3, '0')}")),
        ["quoted-printable"] = text => string.Concat(Encoding.UTF8.GetBytes(text).Select(value => $"={value:X2}")),
        ["UTF-8 read as Latin-1"] = text => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)),
        ["reduced to ASCII"] = text => Encoding.ASCII.GetString(Encoding.ASCII.GetBytes(text)),
        ["UTF-16 read as Latin-1"] = text => text.All(char.IsAscii) ? Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(text)) : text,
        ["hexadecimal UTF-8"] = text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)),
        ["hexadecimal UTF-16"] = text => Convert.ToHexStringLower(Encoding.Unicode.GetBytes(text)),
        ["hexadecimal of quoted UTF-16"] = text => Convert.ToHexString(Encoding.Unicode.GetBytes($"\"{text}\"")),
        ["hexadecimal UTF-16, big-endian"] = text => Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text)),
        ["dump with spaces"] = text => string.Join(' ', Encoding.Unicode.GetBytes(text).Select(value => $"{value:x2}")),
        ["dump with colons"] = text => string.Join(':', Encoding.UTF8.GetBytes(text).Select(value => $"{value:X2}")),
        ["dump of C"] = text => string.Join(", ", Encoding.UTF8.GetBytes(text).Select(value => $"0x{value:x2}")),
        ["base64"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        ["base64 of a pair"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes($"anna:{text}")),
        ["base64 of another pair"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes($"berta:{text};")),
        ["base64 of quoted UTF-16"] = text => Convert.ToBase64String(Encoding.Unicode.GetBytes($"\"{text}\"")),
        ["base64url"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        ["cut off"] = text => text.Length > 8 ? text[..^2] : text,
    };

    public static TheoryData<string, string> EncodedPasswords
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var name in Encodings.Keys)
            {
                foreach (var password in Passwords) rows.Add(name, password);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(EncodedPasswords))]
    public void A_password_is_removed_in_every_encoding_and_the_text_around_it_stays(string encoding, string password)
    {
        var echo = Encodings[encoding](password);
        using var secret = Any.Secret(password);

        var shown = Redactor.Redact($"The value <{echo}> is refused. Twice: {echo}.", secret);

        shown.ShouldStartWith("The value <");
        shown.ShouldContain("> is refused. Twice: ");
        shown.ShouldEndWith(".");
        shown.ShouldNotContain(password, Case.Insensitive);
        shown.ShouldNotContain(echo, Case.Insensitive);
        var left = shown.Replace("The value <", "", StringComparison.Ordinal).Replace("> is refused. Twice: ", "", StringComparison.Ordinal)
            .Replace(Redactor.Mark, "", StringComparison.Ordinal);
        left.Length.ShouldBeLessThan(20, $"Too much is left of '{echo}': '{left}'");
    }

    [Fact]
    public void A_long_run_out_of_the_middle_is_removed()
    {
        using var secret = Any.Secret("correct horse battery staple");

        Redactor.Redact("near 'horse battery s' at 7", secret).ShouldBe($"near '{Redactor.Mark}' at 7");
    }

    [Fact]
    public void A_text_without_the_password_stays_as_it_is()
    {
        using var secret = Any.Secret("C4nary!Passw0rd");

        Redactor.Redact("0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal to or longer than 7 characters!", secret)
            .ShouldBe("0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal to or longer than 7 characters!");
    }

    [Fact]
    public void With_a_password_too_short_to_be_told_apart_the_whole_text_is_withheld()
    {
        using var secret = Any.Secret("abc");

        Redactor.Redact("The value abc is refused.", secret).ShouldBe(Redactor.Withheld);
    }

    [Fact]
    public void An_empty_password_hides_nothing()
    {
        using var secret = Any.Secret("");

        Redactor.Redact("The value is empty.", secret).ShouldBe("The value is empty.");
    }

    [Fact]
    public void Half_a_surrogate_pair_is_found_as_well()
    {
        const string password = "lone\ud83dsurrogate";
        using var secret = Any.Secret(password);

        Redactor.Redact($"x{password}y \"lone\\ud83dsurrogate\"", secret).ShouldBe($"x{Redactor.Mark}y \"{Redactor.Mark}\"");
    }

    [Fact]
    public void What_is_shown_is_one_line_of_bounded_length()
    {
        using var secret = Any.Secret("C4nary!Passw0rd");

        var shown = Redactor.Redact($"first\r\n\u202esecond\0third {new string('x', 2 * Redactor.TextLengthMax)}", secret);

        shown.ShouldStartWith("first second third x");
        shown.Length.ShouldBe(Redactor.ResultLengthMax + 1);
    }

    [Fact]
    public void The_longest_password_in_the_longest_text_is_found_in_bounded_time()
    {
        var password = string.Concat(Enumerable.Range(0, 64).Select(i => $"{(char)('a' + (i % 26))}€9\\"));
        using var secret = Any.Secret(password);

        Redactor.Redact(new string('a', 3_000) + password, secret).ShouldNotContain("€9");
    }
}

using System.Reflection;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Secrets;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Secrets;

public sealed class Secrets_are_kept
{
    private const string Password = "Grün€-\U0001F40E-canary";

    [Fact]
    public void Every_encoding_gives_the_same_secret_back()
    {
        using var fromCharacters = Secret.FromCharacters(Password);
        using var fromUtf8 = Secret.FromUtf8(Encoding.UTF8.GetBytes(Password));
        using var fromUtf16 = Secret.FromUtf16(Encoding.Unicode.GetBytes(Password));

        foreach (var secret in (Secret[])[fromCharacters, fromUtf8, fromUtf16])
        {
            secret.Reveal().ToString().ShouldBe(Password);
            secret.Length.ShouldBe(Password.Length);
            secret.IsWellFormed.ShouldBeTrue();
            secret.WithUtf8(bytes => Encoding.UTF8.GetString(bytes.Span)).ShouldBe(Password);
        }
    }

    [Fact]
    public void Disposing_wipes_the_characters_and_closes_the_secret()
    {
        var secret = Secret.FromCharacters(Password);
        var memory = (char[])typeof(Secret).GetField("characters", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(secret)!;
        new string(memory).ShouldBe(Password);

        secret.Dispose();
        secret.Dispose();

        memory.ShouldAllBe(character => character == '\0');
        Should.Throw<ObjectDisposedException>(() => secret.Reveal().Length);
        Should.Throw<ObjectDisposedException>(() => secret.WithUtf8(bytes => bytes.Length));
    }

    [Fact]
    public async Task The_bytes_lent_are_wiped_when_they_come_back_also_after_a_failure()
    {
        using var secret = Secret.FromCharacters(Password);
        ReadOnlyMemory<byte> lent = default, lentAsync = default;

        Should.Throw<InvalidOperationException>(() => secret.WithUtf8<int>(bytes => { lent = bytes; throw new InvalidOperationException(); }));
        await secret.WithUtf8Async(async bytes => { await Task.Yield(); lentAsync = bytes; return 0; });

        lent.ToArray().ShouldAllBe(value => value == 0);
        lent.Length.ShouldBe(Encoding.UTF8.GetByteCount(Password));
        lentAsync.ToArray().ShouldAllBe(value => value == 0);
    }

    [Theory]
    [InlineData(false, 0xD83D)]
    [InlineData(false, 0x61, 0xDC0E, 0x62)]
    [InlineData(false, 0xDC0E, 0xD83D)]
    [InlineData(true, 0xD83D, 0xDC0E)]
    [InlineData(true)]
    public void A_surrogate_without_its_partner_is_kept_but_has_no_utf8_form(bool isWellFormed, params int[] codeUnits)
    {
        var text = string.Concat(codeUnits.Select(unit => (char)unit));
        using var secret = Secret.FromCharacters(text);

        secret.IsWellFormed.ShouldBe(isWellFormed);
        secret.Reveal().SequenceEqual(text).ShouldBeTrue();
        if (!isWellFormed) Should.Throw<EncoderFallbackException>(() => secret.WithUtf8(bytes => bytes.Length)).Message.ShouldNotContain(text);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused_without_being_shown()
    {
        Should.Throw<DecoderFallbackException>(() => Secret.FromUtf8([0x63, 0x61, 0xFF])).ShouldSatisfyAllConditions(
            refusal => refusal.ToString().ShouldNotContain("FF"), refusal => refusal.BytesUnknown.ShouldBeNull());
        Should.Throw<ArgumentException>(() => Secret.FromUtf16([0x63]));
    }

    [Fact]
    public void An_empty_password_is_told()
    {
        using var empty = Secret.FromUtf16([]);

        empty.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Nothing_prints_a_secret()
    {
        using var secret = Secret.FromCharacters(Password);

        foreach (var text in (string[])[secret.ToString(), $"{secret}", $"{new { secret }}", JsonSerializer.Serialize(secret)]) text.ShouldNotContain("canary");
        secret.ToString().ShouldBe("[secret]");
    }

    [Fact]
    public void No_other_public_type_of_core_holds_a_secret_and_could_print_it()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var holders = from type in typeof(Secret).Assembly.GetTypes()
                      where type != typeof(Secret) && !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
                      from field in type.GetFields(all)
                      where field.FieldType == typeof(Secret) || field.FieldType == typeof(Secret[]) || field.FieldType.GenericTypeArguments.Contains(typeof(Secret))
                      select $"{type.Name}.{field.Name}";

        holders.ShouldAllBe(name => name.StartsWith("<WithUtf8Async", StringComparison.Ordinal));
    }
}

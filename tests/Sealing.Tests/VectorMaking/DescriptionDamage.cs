using System.Text;
using PasswordSync.Sealing.Envelopes;
using static PasswordSync.Sealing.Tests.VectorMaking.OpeningVectorMaker;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Envelopes whose description breaks a rule, sealed so that nothing but the rule keeps them shut.</summary>
internal static class DescriptionDamage
{
    private const ulong FirstTimeAfter9999 = 2_650_467_744_000_000_000;

    public static IEnumerable<OpeningVector> Make()
    {
        var right = new RawDescription();
        var length = right.ToBytes().Length;
        foreach (var wrong in new[] { 0, 36, length - 1, length + 1, 1_440, 65_535 })
        {
            yield return Bad($"said to have {wrong} bytes", new RawEnvelope { DescriptionLength = wrong });
        }

        foreach (var (name, description) in Fields(right)) yield return Bad(name, new RawEnvelope { Description = description });
        yield return Bad("and nothing after it", new RawEnvelope { Description = right with { AccountName = [] } }, envelope => envelope[..^(65 + 1_040)]);
        yield return Bad("and a byte too many at the end", new RawEnvelope { Description = right with { AccountName = [] } }, envelope => [.. envelope, 0]);
    }

    private static IEnumerable<(string Name, RawDescription Description)> Fields(RawDescription right)
    {
        yield return ("capture id of all zeros", right with { CaptureId = Guid.Empty });
        yield return ("capture time after the year 9999", right with { CaptureTime = FirstTimeAfter9999 });
        yield return ("capture time all ones", right with { CaptureTime = ulong.MaxValue });
        yield return ("empty cluster", right with { Cluster = [] });
        yield return ("cluster of 65 bytes", right with { Cluster = Ascii('c', 65) });
        yield return ("control character in the cluster", right with { Cluster = "no\u0007rth"u8.ToArray() });
        yield return ("delete character in the cluster", right with { Cluster = "north\u007f"u8.ToArray() });
        yield return ("malformed UTF-8 in the cluster", right with { Cluster = [0x6E, 0xC3] });
        yield return ("empty source", right with { Source = [] });
        yield return ("source of 64 bytes", right with { Source = Ascii('s', 64) });
        yield return ("capitals in the source", right with { Source = "AD.example"u8.ToArray() });
        yield return ("hyphen at the beginning of the source", right with { Source = "-ad"u8.ToArray() });
        yield return ("underscore in the source", right with { Source = "ad_example"u8.ToArray() });
        yield return ("line end after the source", right with { Source = "ad.example\n"u8.ToArray() });
        yield return ("letter outside a to z in the source", right with { Source = Encoding.UTF8.GetBytes("äd") });
        yield return ("empty DC", right with { DomainController = [] });
        yield return ("capitals in the DC", right with { DomainController = "DC1.ad.example"u8.ToArray() });
        yield return ("control character in the DC", right with { DomainController = "dc1\u001f"u8.ToArray() });
        yield return ("empty account name", right with { AccountName = [] });
        yield return ("account name of 1,025 bytes", right with { AccountName = Ascii('a', 1_025) });
        yield return ("account name longer than what is left", right with { AccountNameLength = 4 });
        yield return ("account name shorter than what is left", right with { AccountNameLength = 2 });
        yield return ("NUL in the account name", right with { AccountName = "ad\0a"u8.ToArray() });
        yield return ("surrogate in the account name", right with { AccountName = [0x61, 0xED, 0xA0, 0xBD] });
        yield return ("overlong UTF-8 in the account name", right with { AccountName = [0x61, 0xC1, 0xA1] });
        yield return ("a field too many", right with { After = [0] });
    }

    private static OpeningVector Bad(string name, RawEnvelope envelope, Func<byte[], byte[]>? cut = null)
    {
        var bytes = envelope.Seal("bad description, " + name);
        return Refused(EnvelopeRefusalReason.BadDescription, name, cut is null ? bytes : cut(bytes));
    }

    private static byte[] Ascii(char character, int count) => Encoding.ASCII.GetBytes(new string(character, count));
}

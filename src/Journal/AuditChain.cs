using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal;

/// <summary>The chain of audit records: docs/operations/audit.md. The same for every store, so that a record can be checked wherever it came from.</summary>
public static class AuditChain
{
    /// <summary>What the first record has in the place of a hash before it.</summary>
    public static string Beginning { get; } = new('0', 64);

    /// <summary>The hash of a record: SHA-256 over the hash before, the number and every field, each with its length before it, in UTF-8. 64 lower-case digits.</summary>
    public static string HashOf(string before, long number, AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var text = new StringBuilder();
        string?[] fields =
        [
            before, number.ToString(CultureInfo.InvariantCulture), Microseconds(entry.At), entry.Operator, entry.Origin, entry.Node,
            entry.Operation, entry.Stage, entry.Request, entry.Before, entry.After,
        ];

        // Lengths keep two fields from being read as one; a missing field is not an empty one.
        foreach (var field in fields) text.Append(field is null ? "-" : field.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(field).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>The first number at which the records do not continue the chain; null if all do. They must follow on each other.</summary>
    /// <param name="before">The hash before the first of them.</param>
    /// <param name="expected">The number that the first of them must have.</param>
    /// <param name="records">In order.</param>
    public static long? FindBreak(string before, long expected, IEnumerable<AuditRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        foreach (var record in records)
        {
            if (record.Number != expected || record.Hash != HashOf(before, record.Number, record.Entry)) return expected;
            before = record.Hash;
            expected++;
        }

        return null;
    }

    /// <summary>A time as stores keep it: what they cannot hold must not be in the hash.</summary>
    public static DateTimeOffset Rounded(DateTimeOffset time) => new(time.UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    private static string Microseconds(DateTimeOffset time) =>
        ((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture);
}

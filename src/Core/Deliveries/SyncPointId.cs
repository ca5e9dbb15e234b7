using System.Text.RegularExpressions;

namespace PasswordSync.Core.Deliveries;

/// <summary>The name of one configured target. 1 to 63 characters: lower-case letters, digits, dots and hyphens.</summary>
public readonly partial record struct SyncPointId : IComparable<SyncPointId>
{
    private readonly string? value;

    /// <exception cref="ArgumentException">The name is not of the form above; the message names the value found.</exception>
    public SyncPointId(string value)
    {
        if (!IsValid(value))
        {
            throw new ArgumentException(
                $"'{value}' is not a sync point name: use 1 to 63 lower-case letters, digits, dots or hyphens, beginning with a letter or a digit.",
                nameof(value));
        }

        this.value = value;
    }

    public string Value => value ?? "";

    public static bool IsValid(string? value) => value is not null && Form().IsMatch(value);

    public int CompareTo(SyncPointId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.\-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    public static bool operator <(SyncPointId left, SyncPointId right) => left.CompareTo(right) < 0;

    public static bool operator >(SyncPointId left, SyncPointId right) => left.CompareTo(right) > 0;

    public static bool operator <=(SyncPointId left, SyncPointId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SyncPointId left, SyncPointId right) => left.CompareTo(right) >= 0;
}

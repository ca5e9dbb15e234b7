using System.Text.RegularExpressions;

namespace PasswordSync.Core.Identities;

/// <summary>
/// The name of one domain whose password changes are captured. 1 to 63 characters: lower-case letters, digits, dots and
/// hyphens, beginning with a letter or a digit. Names are compared by ordinal value.
/// </summary>
public readonly partial record struct SourceId : IComparable<SourceId>
{
    /// <summary>The longest name, in characters.</summary>
    public const int LengthMax = 63;

    private readonly string? value;

    /// <exception cref="ArgumentException">The name is not of the form above; the message names the value found.</exception>
    public SourceId(string value)
    {
        if (!IsValid(value))
        {
            throw new ArgumentException(
                $"'{value}' is not a source name: use 1 to {LengthMax} lower-case letters, digits, dots or hyphens, beginning with a letter or a digit.",
                nameof(value));
        }

        this.value = value;
    }

    /// <summary>The name; empty only for an uninitialised value.</summary>
    public string Value => value ?? "";

    public static bool IsValid(string? value) => value is not null && Form().IsMatch(value);

    public int CompareTo(SourceId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.\-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    public static bool operator <(SourceId left, SourceId right) => left.CompareTo(right) < 0;

    public static bool operator >(SourceId left, SourceId right) => left.CompareTo(right) > 0;

    public static bool operator <=(SourceId left, SourceId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SourceId left, SourceId right) => left.CompareTo(right) >= 0;
}

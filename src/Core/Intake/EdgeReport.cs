using System.Globalization;

namespace PasswordSync.Core.Intake;

/// <summary>How an edge stands, told in a header when it asks for its configuration: only for people and figures; nothing is decided by it.</summary>
/// <param name="Held">Captures in the spool that no node has.</param>
/// <param name="SpoolBytes">The spool's size.</param>
/// <param name="At">The edge's clock, which is its domain controller's.</param>
public sealed record EdgeReport(int Held, long SpoolBytes, DateTimeOffset At)
{
    /// <summary>The header's name.</summary>
    public const string Header = "PasswordSync-Edge-Report";

    /// <summary>What the header says: <c>held=3;bytes=4096;at=1767225600000</c>, the time in milliseconds of 1970.</summary>
    public string ToHeader() => string.Create(CultureInfo.InvariantCulture, $"held={Held};bytes={SpoolBytes};at={At.ToUnixTimeMilliseconds()}");

    /// <summary>Reads the header; null if it says nothing that can be read.</summary>
    public static EdgeReport? Parse(string? header)
    {
        if (header?.Split(';') is not [var held, var bytes, var at]) return null;
        if (!TryRead(held, "held=", out var count) || count > int.MaxValue || !TryRead(bytes, "bytes=", out var size) || !TryRead(at, "at=", out var time)) return null;
        return time <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? new EdgeReport((int)count, size, DateTimeOffset.FromUnixTimeMilliseconds(time)) : null;
    }

    private static bool TryRead(string text, string name, out long value)
    {
        value = 0;
        return text.StartsWith(name, StringComparison.Ordinal) && long.TryParse(text.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

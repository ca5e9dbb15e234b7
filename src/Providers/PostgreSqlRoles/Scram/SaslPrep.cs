using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.PostgreSqlRoles.Scram;

/// <summary>
/// SASLprep (RFC 4013) as PostgreSQL applies it to passwords (<c>src/common/saslprep.c</c>): plain ASCII is left alone, prohibited and unassigned characters are looked for before the
/// normalisation, and where it fails the password counts as it is.
/// </summary>
internal static class SaslPrep
{
    /// <summary>The bytes that a verifier is made of, in an array that does not move; the caller wipes it.</summary>
    /// <param name="password">Well-formed text.</param>
    public static byte[] Prepare(Secret password)
    {
        using var raw = CodePoints.Of(password.Reveal());
        if (raw.Span.IndexOfAnyExceptInRange(0, 0x7F) < 0) return raw.ToUtf8();
        using var mapped = Map(raw);
        if (mapped.Count == 0 || IsProhibited(mapped.Span) || !HasOneDirection(mapped.Span)) return raw.ToUtf8();
        using var normal = NormalFormKC.Of(mapped);
        return normal.ToUtf8();
    }

    private static CodePoints Map(CodePoints raw)
    {
        var tables = SaslPrepTables.Instance;
        var mapped = new CodePoints(raw.Count);
        foreach (var point in raw.Span)
        {
            if (tables.Spaces.Contains(point)) mapped.Add(' ');
            else if (!tables.Nothing.Contains(point)) mapped.Add(point);
        }

        return mapped;
    }

    private static bool IsProhibited(ReadOnlySpan<int> points)
    {
        var tables = SaslPrepTables.Instance;
        foreach (var point in points)
        {
            if (tables.Prohibited.Contains(point) || tables.Unassigned.Contains(point)) return true;
        }

        return false;
    }

    /// <summary>Text with a character that is written from right to left must begin and end with one, and have none that is written from left to right.</summary>
    private static bool HasOneDirection(ReadOnlySpan<int> points)
    {
        var tables = SaslPrepTables.Instance;
        var (hasRight, hasLeft) = (false, false);
        foreach (var point in points)
        {
            hasRight |= tables.Right.Contains(point);
            hasLeft |= tables.Left.Contains(point);
        }

        return !hasRight || (!hasLeft && tables.Right.Contains(points[0]) && tables.Right.Contains(points[^1]));
    }
}

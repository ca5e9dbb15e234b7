using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations;

/// <summary>What the audit keeps of a request and of how things were: for ever, for every viewer. So nothing that was not asked for gets in, and nothing without a bound.</summary>
public static class AuditText
{
    /// <summary>The longest text of one field of a record, in characters; the rest is cut off, and it says how much that is.</summary>
    public const int LengthMax = 4_096;

    /// <summary>The parameters that the operation has, without its secrets. Of what it does not have neither name nor value is written down, for either may be a secret that was mistyped: only how many there were.</summary>
    public static string Of(OperationRequest request, CommandDescription description)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(description);
        var told = from parameter in description.Parameters.OrderBy(known => known.Name, StringComparer.Ordinal)
                   where parameter.Kind != "secret"
                   from value in request.Values.GetValueOrDefault(parameter.Name, [])
                   select $"{parameter.Name}={value}";
        var unknown = request.Values.Keys.Concat(request.Secrets.Keys).Count(name => description.Parameters.All(known => known.Name != name));
        return Bounded(string.Join(' ', unknown == 0 ? told : told.Append($"({unknown} unknown)")))!;
    }

    /// <summary>A text that fits into a record of any store: without NUL, which PostgreSQL does not take, and cut off.</summary>
    public static string? Bounded(string? text)
    {
        if (text is null || (text.Length <= LengthMax && !text.Contains('\0', StringComparison.Ordinal))) return text;

        // Not between the two halves of one character.
        var end = text.Length <= LengthMax ? text.Length : char.IsHighSurrogate(text[LengthMax - 1]) ? LengthMax - 1 : LengthMax;
        var kept = text[..end].Replace('\0', '\uFFFD');
        return end == text.Length ? kept : $"{kept} ({text.Length - end} characters cut off)";
    }
}

using System.Globalization;
using System.Net.Http.Headers;

namespace PasswordSync.Providers.Http;

/// <summary>A pause that a target asked for (RFC 9110, 10.2.3): a span, or a point in time.</summary>
internal sealed record RetryAfter(TimeSpan? Span, DateTimeOffset? Date)
{
    /// <summary>The pause after a 429 that names none.</summary>
    public static readonly TimeSpan ByDefault = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause that a target can ask for.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromHours(1);

    public static RetryAfter? Of(RetryConditionHeaderValue? header) => header is null ? null : new RetryAfter(header.Delta, header.Date);

    /// <param name="value">What the header says: a whole number of seconds, or a date. Also a fraction of seconds, which the RFC does not know and the example in Microsoft Graph's guidance has (2.128).</param>
    public static RetryAfter? Parse(string? value)
    {
        if (RetryConditionHeaderValue.TryParse(value, out var header)) return Of(header);
        return double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? new RetryAfter(TimeSpan.FromSeconds(Math.Min(seconds, Max.TotalSeconds)), null)
            : null;
    }

    /// <summary>When the pause ends, within bounds.</summary>
    public DateTimeOffset Until(DateTimeOffset now)
    {
        var pause = Span ?? (Date - now) ?? TimeSpan.Zero;
        return now + (pause < TimeSpan.Zero ? TimeSpan.Zero : pause > Max ? Max : pause);
    }
}

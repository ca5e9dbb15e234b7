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

    /// <summary>When the pause ends, within bounds.</summary>
    public DateTimeOffset Until(DateTimeOffset now)
    {
        var pause = Span ?? (Date - now) ?? TimeSpan.Zero;
        return now + (pause < TimeSpan.Zero ? TimeSpan.Zero : pause > Max ? Max : pause);
    }
}

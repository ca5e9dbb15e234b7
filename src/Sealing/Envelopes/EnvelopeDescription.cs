using System.Text;
using System.Text.RegularExpressions;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>
/// What an envelope says in clear of its capture: none of it is secret, all of it is authenticated. Field rules: docs/spec/envelope.md.
/// Equal by value.
/// </summary>
public sealed partial record EnvelopeDescription
{
    /// <summary>The longest <see cref="Cluster"/>, in UTF-8 bytes.</summary>
    public const int ClusterBytesMax = 64;

    /// <summary>The longest <see cref="Source"/>, in bytes.</summary>
    public const int SourceBytesMax = 63;

    /// <summary>The longest <see cref="DomainController"/>, in UTF-8 bytes.</summary>
    public const int DomainControllerBytesMax = 255;

    /// <summary>The longest <see cref="AccountName"/>, in UTF-8 bytes.</summary>
    public const int AccountNameBytesMax = 1_024;

    /// <summary>The earliest capture time: 1601-01-01 UTC, as in Windows' FILETIME.</summary>
    internal static readonly DateTimeOffset TimeOrigin = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="captureId">Random, made where the change is captured; never <see cref="Guid.Empty"/>.</param>
    /// <param name="captureTime">When the change was captured; not before 1601. Kept to 100 ns, in UTC.</param>
    /// <param name="relativeId">The account's RID; 0 where the hook gives none.</param>
    /// <param name="cluster">The cluster's name: 1 to 64 bytes of UTF-8.</param>
    /// <param name="source">The source's name: 1 to 63 lower-case letters, digits, dots, hyphens, a letter or a digit first.</param>
    /// <param name="domainController">The DC's DNS host name in lower case: 1 to 255 bytes of UTF-8.</param>
    /// <param name="accountName">
    /// The name as the hook gave it (sAMAccountName): 1 to 1,024 bytes of UTF-8. A surrogate without its partner becomes U+FFFD.
    /// </param>
    /// <exception cref="ArgumentException">A value breaks its rule; the message names the field and the rule.</exception>
    public EnvelopeDescription(
        Guid captureId, DateTimeOffset captureTime, uint relativeId, string cluster, string source, string domainController, string accountName)
    {
        if (captureId == Guid.Empty) throw new ArgumentException("The capture id is all zeros.", nameof(captureId));
        if (captureTime < TimeOrigin) throw new ArgumentException("The capture time is before 1601.", nameof(captureTime));
        CheckText(cluster, ClusterBytesMax, nameof(cluster));
        CheckText(source, SourceBytesMax, nameof(source));
        if (!IsSourceName(source)) throw new ArgumentException($"'{source}' is not a source name: {SourceRule}.", nameof(source));
        CheckText(domainController, DomainControllerBytesMax, nameof(domainController));
        if (HasUpperCase(domainController)) throw new ArgumentException($"'{domainController}' is not in lower case.", nameof(domainController));
        ArgumentNullException.ThrowIfNull(accountName);
        AccountName = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(accountName));
        CheckText(AccountName, AccountNameBytesMax, nameof(accountName));

        CaptureId = captureId;
        CaptureTime = captureTime.ToUniversalTime();
        RelativeId = relativeId;
        Cluster = cluster;
        Source = source;
        DomainController = domainController;
    }

    /// <summary>The id of the capture.</summary>
    public Guid CaptureId { get; }

    /// <summary>When the change was captured, by the DC's clock; UTC, to 100 ns.</summary>
    public DateTimeOffset CaptureTime { get; }

    /// <summary>The account's RID; 0 where the hook gave none.</summary>
    public uint RelativeId { get; }

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; }

    /// <summary>The source's name.</summary>
    public string Source { get; }

    /// <summary>The DNS host name of the DC, in lower case.</summary>
    public string DomainController { get; }

    /// <summary>The account's name as the hook gave it.</summary>
    public string AccountName { get; }

    internal const string SourceRule = "use 1 to 63 lower-case letters, digits, dots or hyphens, beginning with a letter or a digit";

    internal static bool IsSourceName(string text) => SourceForm().IsMatch(text);

    internal static bool HasUpperCase(string text) => text.AsSpan().ContainsAnyInRange('A', 'Z');

    /// <summary>Below U+0020, or U+007F: what no text field may hold.</summary>
    internal static bool HasControlCharacter(string text) => text.AsSpan().ContainsAnyInRange('\u0000', '\u001F') || text.Contains('\u007F');

    /// <exception cref="ArgumentException">The text breaks the rule of all text fields, or is too long.</exception>
    internal static void CheckText(string text, int bytesMax, string field)
    {
        ArgumentNullException.ThrowIfNull(text, field);
        if (HasControlCharacter(text)) throw new ArgumentException("The text holds a control character.", field);
        int length;
        try
        {
            length = StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException("The text holds a surrogate without its partner.", field, exception);
        }

        if (length == 0 || length > bytesMax) throw new ArgumentException($"The text has {length} bytes of UTF-8; 1 to {bytesMax} are allowed.", field);
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.\-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SourceForm();
}

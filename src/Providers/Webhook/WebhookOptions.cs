using System.Net;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Webhook;

/// <summary>The settings of a <c>webhook</c> sync point: an HTTPS end point that takes signed requests.</summary>
public sealed record WebhookOptions
{
    /// <summary><c>url</c>: an https address, or an http one of this machine itself (<c>127.0.0.1</c>, <c>[::1]</c>, <c>localhost</c>), since the body holds the password. Required.</summary>
    public required Uri Url { get; init; }

    /// <summary><c>signingKey</c>: the reference to the shared key of the signature. The key is used as its UTF-8 bytes; at least 16. Required.</summary>
    public required string SigningKey { get; init; }

    /// <summary><c>trustedRoots</c>: the absolute path of a PEM file with the only roots to trust. Default: the system's.</summary>
    public string? TrustedRoots { get; init; }

    /// <summary><c>account</c>: which name of the source's account the request has. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>connectTimeout</c>: default 5 s; 100 ms to 1 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>passwordLengthMin</c>: shorter passwords are not sent. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static WebhookOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var url = ReadUrl(settings, allowList);
        var key = settings.SecretReference("signingKey", allowList);
        if (key is null && settings.OptionalText("signingKey") is null) settings.Reject("signingKey", "Give a reference to the shared key, file:/absolute/path or env:NAME.");
        var roots = settings.OptionalText("trustedRoots");
        if (roots is not null && !(Path.IsPathFullyQualified(roots) && allowList.AllowsFile(roots))) settings.Reject("trustedRoots", "Give an absolute path that this node's allow-list of files has.");
        var account = settings.Choice("account", SourceAttribute.SamAccountName);
        var connectTimeout = settings.Duration("connectTimeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        var lengthMin = settings.Number("passwordLengthMin", 1, 1, 256);
        return settings.IsGood
            ? new WebhookOptions { Url = url!, SigningKey = key!, TrustedRoots = roots, Account = account, ConnectTimeout = connectTimeout, PasswordLengthMin = lengthMin }
            : null;
    }

    private static Uri? ReadUrl(SettingsReader settings, NodeAllowList allowList)
    {
        const string remedy = "Give an https address, or an http one of this machine itself (127.0.0.1, [::1] or localhost), without a user name.";
        var text = settings.Text("url", remedy);
        if (text.Length == 0) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0 || !(url.Scheme == Uri.UriSchemeHttps || IsLoopbackHttp(url)))
        {
            settings.Reject("url", remedy);
            return null;
        }

        if (!allowList.AllowsEndpoint(url.Host, url.Port)) settings.Reject("url", $"This node's allow-list of end points does not have {url.Host}:{url.Port}: add it there.");
        return url;
    }

    private static bool IsLoopbackHttp(Uri url) =>
        url.Scheme == Uri.UriSchemeHttp
        && (url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}

using System.Net;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Http;

/// <summary>How a target is reached over HTTP.</summary>
public sealed record HttpTargetOptions
{
    /// <summary><c>url</c>: an https address, or an http one of this machine itself (<c>127.0.0.1</c>, <c>[::1]</c>, <c>localhost</c>), since requests hold passwords. Required.</summary>
    public required Uri Url { get; init; }

    /// <summary><c>trustedRoots</c>: the absolute path of a PEM file with the only roots to trust. Default: the system's.</summary>
    public string? TrustedRoots { get; init; }

    /// <summary><c>connectTimeout</c>: for name, TCP and TLS. Default 5 s; 100 ms to 1 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>proxy</c>: the http address of a proxy, which sees names and no contents (CONNECT). Default: none; the machine's own proxy settings are not used.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>The server as people know it: <c>host:port</c>.</summary>
    internal string Server => $"{Url.Host}:{Url.Port}";

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static HttpTargetOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var url = ReadUrl(settings, "url", byDefault: null, allowList);
        var common = ReadCommon(settings, new Uri("https://localhost/"), allowList);
        if (url is { Scheme: "http" } && common.Proxy is not null) settings.Reject("proxy", "Remove it: over http the proxy would see the passwords.");
        return url is null ? null : common with { Url = url };
    }

    /// <summary>All but the address, which the caller sets.</summary>
    internal static HttpTargetOptions ReadCommon(SettingsReader settings, Uri url, NodeAllowList allowList) => new()
    {
        Url = url,
        TrustedRoots = ReadTrustedRoots(settings, allowList),
        ConnectTimeout = settings.Duration("connectTimeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
        Proxy = ReadProxy(settings, allowList),
    };

    /// <summary>An address that passwords or credentials may go to.</summary>
    internal static Uri? ReadUrl(SettingsReader settings, string key, string? byDefault, NodeAllowList allowList)
    {
        const string remedy = "Give an https address, or an http one of this machine itself (127.0.0.1, [::1] or localhost), without a user name.";
        var text = settings.OptionalText(key) ?? byDefault;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0 || !(url.Scheme == Uri.UriSchemeHttps || IsLoopbackHttp(url)))
        {
            settings.Reject(key, remedy);
            return null;
        }

        if (!allowList.AllowsEndpoint(url.Host, url.Port)) settings.Reject(key, $"This node's allow-list of end points does not have {url.Host}:{url.Port}: add it there.");
        return url;
    }

    private static string? ReadTrustedRoots(SettingsReader settings, NodeAllowList allowList)
    {
        var roots = settings.OptionalText("trustedRoots");
        if (roots is not null && !(Path.IsPathFullyQualified(roots) && allowList.AllowsFile(roots))) settings.Reject("trustedRoots", "Give an absolute path that this node's allow-list of files has.");
        return roots;
    }

    private static Uri? ReadProxy(SettingsReader settings, NodeAllowList allowList)
    {
        if (settings.OptionalText("proxy") is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme == Uri.UriSchemeHttp && proxy.UserInfo.Length == 0)
        {
            if (!allowList.AllowsEndpoint(proxy.Host, proxy.Port)) settings.Reject("proxy", $"This node's allow-list of end points does not have {proxy.Host}:{proxy.Port}: add it there.");
            return proxy;
        }

        settings.Reject("proxy", "Give the proxy as http://host:port, without a user name.");
        return null;
    }

    private static bool IsLoopbackHttp(Uri url) =>
        url.Scheme == Uri.UriSchemeHttp
        && (url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}

using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Scim;

/// <summary>With which request a password is set.</summary>
public enum ScimMethod
{
    /// <summary>PATCH, unless the server says that it has none.</summary>
    Auto,
    Patch,

    /// <summary>Reads the user and writes it back whole with the password.</summary>
    Put,
}

/// <summary>The settings of a <c>scim</c> sync point: a service provider of SCIM 2.0 (RFC 7643, RFC 7644).</summary>
public sealed partial record ScimOptions
{
    /// <summary>Where the server is, its <c>url</c> being the one that <c>/Users</c> is below; see <see cref="HttpTargetOptions"/>.</summary>
    public required HttpTargetOptions Http { get; init; }

    /// <summary><c>token</c>: the reference to a bearer token. This, or the three of OAuth, is required.</summary>
    public string? Token { get; init; }

    /// <summary>OAuth client credentials; null where <see cref="Token"/> is used.</summary>
    public ScimOAuthOptions? OAuth { get; init; }

    /// <summary><c>match</c>: how users are found; first that finds any wins. Targets are names of SCIM attributes. Default <c>userPrincipalName=userName</c>.</summary>
    public ImmutableArray<MatchRule> Match { get; init; } = [DefaultRule];

    /// <summary><c>method</c>: default auto.</summary>
    public ScimMethod Method { get; init; } = ScimMethod.Auto;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    private static readonly MatchRule DefaultRule = new(SourceAttribute.UserPrincipalName, "userName");

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static ScimOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var http = HttpTargetOptions.Read(settings, allowList);
        var token = settings.SecretReference("token", allowList);
        var oauth = ScimOAuthOptions.Read(settings, http, allowList);
        if (settings.OptionalText("token") is null == oauth is null && settings.IsGood) settings.Reject("token", "Give either token, or tokenUrl, clientId and clientSecret.");
        var match = MatchRule.Read(settings, [DefaultRule], name => AttributePath().IsMatch(name));
        var method = settings.Choice("method", ScimMethod.Auto);
        var lengthMin = settings.Number("passwordLengthMin", 1, 1, 256);
        return settings.IsGood ? new ScimOptions { Http = http!, Token = token, OAuth = oauth, Match = match, Method = method, PasswordLengthMin = lengthMin } : null;
    }

    /// <summary>An attribute path of RFC 7644, 3.10: a name, with a sub-attribute or after a schema's URN.</summary>
    [GeneratedRegex(@"^(?:urn:[A-Za-z0-9.:_-]{1,200}:)?[A-Za-z][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z][A-Za-z0-9_-]{0,62})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex AttributePath();
}

/// <summary>How tokens are had by the client credentials grant (RFC 6749, 4.4).</summary>
public sealed record ScimOAuthOptions
{
    /// <summary><c>tokenUrl</c>: where; https.</summary>
    public required HttpTargetOptions Http { get; init; }

    /// <summary><c>clientId</c>.</summary>
    public required string ClientId { get; init; }

    /// <summary><c>clientSecret</c>: a reference.</summary>
    public required string ClientSecret { get; init; }

    /// <summary><c>scope</c>: default none.</summary>
    public string? Scope { get; init; }

    /// <returns>Null if there is none, or something is wrong, which is noted at <paramref name="settings"/>.</returns>
    internal static ScimOAuthOptions? Read(SettingsReader settings, HttpTargetOptions? http, NodeAllowList allowList)
    {
        var scope = settings.OptionalText("scope");
        var clientId = settings.OptionalText("clientId");
        var secret = settings.SecretReference("clientSecret", allowList);
        if (settings.OptionalText("tokenUrl") is null) return null;
        var url = HttpTargetOptions.ReadUrl(settings, "tokenUrl", byDefault: null, allowList);
        if (clientId is null) settings.Reject("clientId", "Give the client's id.");
        if (settings.OptionalText("clientSecret") is null) settings.Reject("clientSecret", "Give a reference to the client's secret, file:/absolute/path or env:NAME.");
        return url is null || http is null || clientId is null || secret is null ? null : new ScimOAuthOptions { Http = http with { Url = url }, ClientId = clientId, ClientSecret = secret, Scope = scope };
    }
}

using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Webhook;

/// <summary>The settings of a <c>webhook</c> sync point: an HTTPS end point that takes signed requests.</summary>
public sealed record WebhookOptions
{
    /// <summary>Where requests go; see <see cref="HttpTargetOptions"/>.</summary>
    public required HttpTargetOptions Http { get; init; }

    /// <summary><c>signingKey</c>: the reference to the shared key of the signature. The key is used as its UTF-8 bytes; at least 16. Required.</summary>
    public required string SigningKey { get; init; }

    /// <summary><c>formerSigningKey</c>: the reference to the key that is being replaced. Requests are signed with both while it is set. Default: none.</summary>
    public string? FormerSigningKey { get; init; }

    /// <summary><c>account</c>: which name of the source's account the request has. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are not sent. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static WebhookOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var http = HttpTargetOptions.Read(settings, allowList);
        var key = settings.RequiredSecretReference("signingKey", allowList);
        var former = settings.SecretReference("formerSigningKey", allowList);
        var account = settings.Choice("account", SourceAttribute.SamAccountName);
        var lengthMin = settings.Number("passwordLengthMin", 1, 1, 256);
        return settings.IsGood
            ? new WebhookOptions { Http = http!, SigningKey = key!, FormerSigningKey = former, Account = account, PasswordLengthMin = lengthMin }
            : null;
    }
}

using System.Collections.Immutable;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Passwordstate;

/// <summary>The settings of a <c>passwordstate</c> sync point: the records of one password list of Click Studios' Passwordstate.</summary>
public sealed record PasswordstateOptions
{
    /// <summary>Where it is, its <c>url</c> being the one that <c>/api</c> is below; see <see cref="HttpTargetOptions"/>.</summary>
    public required HttpTargetOptions Http { get; init; }

    /// <summary><c>apiKey</c>: the reference to the list's API key. Required.</summary>
    public required string ApiKey { get; init; }

    /// <summary><c>list</c>: the list's id (PasswordListID). Required; 1 to 2,147,483,647.</summary>
    public required int List { get; init; }

    /// <summary><c>domain</c>: only records with this in their field Domain; compared without regard to case. Default: any.</summary>
    public string? Domain { get; init; }

    /// <summary><c>match</c>: how records are found; first that finds any wins. Targets are fields of a record. Default <c>sAMAccountName=UserName</c>.</summary>
    public ImmutableArray<MatchRule> Match { get; init; } = [DefaultRule];

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    private static readonly MatchRule DefaultRule = new(SourceAttribute.SamAccountName, "UserName");
    private static readonly ImmutableArray<string> Fields = ["UserName", "Title", "Email", "Description", "HostName", .. Enumerable.Range(1, 10).Select(i => $"GenericField{i}")];

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static PasswordstateOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var http = HttpTargetOptions.Read(settings, allowList);
        var key = settings.RequiredSecretReference("apiKey", allowList);
        var list = settings.Number("list", 0, 1, int.MaxValue);
        if (settings.OptionalText("list") is null) settings.Reject("list", "Give the id of the password list (PasswordListID).");
        var domain = settings.OptionalText("domain");
        var match = MatchRule.Read(settings, [DefaultRule], name => Fields.Contains(name));
        var lengthMin = settings.Number("passwordLengthMin", 1, 1, 256);
        return settings.IsGood ? new PasswordstateOptions { Http = http!, ApiKey = key!, List = list, Domain = domain, Match = match, PasswordLengthMin = lengthMin } : null;
    }
}

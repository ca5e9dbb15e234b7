using System.Collections.Immutable;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>The settings of a <c>localAccounts</c> sync point: accounts that a Windows or Samba server keeps itself.</summary>
public sealed record LocalAccountsOptions
{
    /// <summary>The most exceptions that <c>accounts</c> may have.</summary>
    public const int AccountsMax = 1_000;

    /// <summary><c>host</c>: the server whose accounts are set, a name or an address. Required.</summary>
    public required string Host { get; init; }

    /// <summary><c>port</c>: of SMB. Default 445; 1 to 65,535. A node on Windows takes 445 only.</summary>
    public int Port { get; init; } = 445;

    /// <summary><c>bindName</c>: the service's account there; <c>DOMAIN\name</c> for one of a domain. Required on Linux; on Windows by default the account that the node runs as.</summary>
    public string? BindName { get; init; }

    /// <summary><c>bindPassword</c>: the reference to its password. Required with <c>bindName</c>.</summary>
    public string? BindPassword { get; init; }

    /// <summary><c>encrypt</c>: whether all traffic must be encrypted by SMB 3. Without it everything is signed, and only passwords are encrypted. Default true. On Windows the system's own settings decide.</summary>
    public bool Encrypt { get; init; } = true;

    /// <summary><c>account</c>: which name of the source's account the local one has. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>accounts:NAME</c>: the local account, as <c>host\account</c>, of a source's account whose local one has another name or is on another server. By sAMAccountName. At most 1,000. Default none.</summary>
    public ImmutableDictionary<string, LocalAccount> Accounts { get; init; } = ImmutableDictionary<string, LocalAccount>.Empty;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static LocalAccountsOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new LocalAccountsOptions { Host = settings.Text("host", "Give the server's name or address.") };
        var options = defaults with
        {
            Port = settings.Number("port", defaults.Port, 1, 65_535),
            BindName = settings.OptionalText("bindName"),
            BindPassword = settings.SecretReference("bindPassword", allowList),
            Encrypt = settings.Flag("encrypt", defaults.Encrypt),
            Account = settings.Choice("account", defaults.Account),
            Accounts = ReadAccounts(settings),
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, 256),
        };
        var hasPassword = settings.OptionalText("bindPassword") is not null;
        if (options.BindName is null && !OperatingSystem.IsWindows()) settings.Reject("bindName", "Give the account that the service signs in as.");
        if (options.BindName is not null && !hasPassword) settings.Reject("bindPassword", "Give the reference to the password of bindName, file:/absolute/path or env:NAME.");
        if (options.BindName is null && hasPassword) settings.Reject("bindName", "Give the name that bindPassword belongs to.");
        if (OperatingSystem.IsWindows() && options.Port != defaults.Port) settings.Reject("port", "Windows reaches servers at port 445 only: remove it.");
        CheckHost(settings, allowList, "host", options.Host, options.Port);
        foreach (var (name, account) in options.Accounts) CheckHost(settings, allowList, $"accounts:{name}", account.Host, options.Port);
        return settings.IsGood ? options : null;
    }

    private static ImmutableDictionary<string, LocalAccount> ReadAccounts(SettingsReader settings)
    {
        var read = ImmutableDictionary.CreateBuilder<string, LocalAccount>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, text) in settings.Map("accounts", AccountsMax))
        {
            if (LocalAccount.Parse(text) is { } account) read[name] = account;
            else settings.Reject($"accounts:{name}", @"Use host\account.");
        }

        return read.ToImmutable();
    }

    private static void CheckHost(SettingsReader settings, NodeAllowList allowList, string key, string host, int port)
    {
        if (host.Length == 0) return;
        if (!LocalAccount.IsHost(host)) settings.Reject(key, "Use the server's name or address, without backslashes or brackets.");
        else if (!allowList.AllowsEndpoint(host, port)) settings.Reject(key, $"This node's allow-list of end points does not have {host}:{port}: add it there.");
    }
}

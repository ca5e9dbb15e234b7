using System.Net;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.PostgreSqlRoles;

/// <summary>How a connection is protected.</summary>
public enum PostgreSqlSecurity
{
    /// <summary>TLS; chain and name of the certificate are checked.</summary>
    Tls,

    /// <summary>Nothing: only for a server of this machine.</summary>
    None,
}

/// <summary>How a role is named after an account.</summary>
public enum RoleCase
{
    /// <summary>In lower case, as PostgreSQL itself folds names that are not quoted.</summary>
    Lower,

    /// <summary>As the source writes it.</summary>
    Exact,
}

/// <summary>The settings of a <c>postgreSqlRoles</c> sync point: the login roles of a PostgreSQL server.</summary>
public sealed record PostgreSqlRolesOptions
{
    /// <summary><c>host</c>: a name or an address. Required.</summary>
    public required string Host { get; init; }

    /// <summary><c>port</c>: default 5432; 1 to 65,535.</summary>
    public int Port { get; init; } = 5_432;

    /// <summary><c>database</c>: the database to connect to. Default <c>postgres</c>.</summary>
    public string Database { get; init; } = "postgres";

    /// <summary><c>bindName</c>: the service's role. Required.</summary>
    public required string BindName { get; init; }

    /// <summary><c>bindPassword</c>: the reference to its password. Required.</summary>
    public required string BindPassword { get; init; }

    /// <summary><c>security</c>: default <c>tls</c>.</summary>
    public PostgreSqlSecurity Security { get; init; } = PostgreSqlSecurity.Tls;

    /// <summary><c>trustedRoots</c>: the absolute path of a PEM file with the only roots to trust. Default: the system's.</summary>
    public string? TrustedRoots { get; init; }

    /// <summary><c>account</c>: which name of the source's account the role has. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>roleCase</c>: default <c>lower</c>.</summary>
    public RoleCase RoleCase { get; init; } = RoleCase.Lower;

    /// <summary><c>memberOf</c>: only roles that are members of this one are set. Default: any that can log in.</summary>
    public string? MemberOf { get; init; }

    /// <summary><c>superusers</c>: whether superusers are set too. Default false.</summary>
    public bool Superusers { get; init; }

    /// <summary><c>iterations</c>: of the verifier. Default 4,096, PostgreSQL's own; up to 1,000,000. Every log-in of the role costs its client as many.</summary>
    public int Iterations { get; init; } = 4_096;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <summary><c>connectTimeout</c>: default 5 s; 1 s to 1 min, in whole seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static PostgreSqlRolesOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new PostgreSqlRolesOptions
        {
            Host = settings.Text("host", "Give the server's name or address."),
            BindName = settings.Text("bindName", "Give the role that the service signs in as."),
            BindPassword = settings.RequiredSecretReference("bindPassword", allowList) ?? "",
        };
        var options = defaults with
        {
            Port = settings.Number("port", defaults.Port, 1, 65_535),
            Database = settings.OptionalText("database") ?? defaults.Database,
            Security = settings.Choice("security", defaults.Security),
            TrustedRoots = settings.OptionalText("trustedRoots"),
            Account = settings.Choice("account", defaults.Account),
            RoleCase = settings.Choice("roleCase", defaults.RoleCase),
            MemberOf = settings.OptionalText("memberOf"),
            Superusers = settings.Flag("superusers", defaults.Superusers),
            Iterations = settings.Number("iterations", defaults.Iterations, defaults.Iterations, 1_000_000),
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, 256),
            ConnectTimeout = settings.Duration("connectTimeout", defaults.ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
        };
        if (options.Host.Length > 0 && !allowList.AllowsEndpoint(options.Host, options.Port)) settings.Reject("host", $"This node's allow-list of end points does not have {options.Host}:{options.Port}: add it there.");
        if (options.TrustedRoots is { } roots && !(Path.IsPathFullyQualified(roots) && allowList.AllowsFile(roots))) settings.Reject("trustedRoots", "Give an absolute path that this node's allow-list of files has.");
        if (options.Security == PostgreSqlSecurity.None && !IsThisMachine(options.Host)) settings.Reject("security", "Use tls: without it only a server of this machine is taken (127.0.0.1, ::1, localhost).");
        return settings.IsGood ? options : null;
    }

    private static bool IsThisMachine(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

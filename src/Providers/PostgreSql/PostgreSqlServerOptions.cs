using System.Net;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.PostgreSql;

/// <summary>How a connection is protected.</summary>
public enum PostgreSqlSecurity
{
    /// <summary>TLS; chain and name of the certificate are checked.</summary>
    Tls,

    /// <summary>Nothing: only for a server of this machine.</summary>
    None,
}

/// <summary>The settings of a connection to a PostgreSQL server.</summary>
public sealed record PostgreSqlServerOptions
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

    /// <summary><c>connectTimeout</c>: default 5 s; 1 s to 1 min, in whole seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Reads the settings; what is wrong is noted there.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="allowList">What this node allows.</param>
    /// <param name="database">The database where the settings name none; null if they must.</param>
    public static PostgreSqlServerOptions Read(SettingsReader settings, NodeAllowList allowList, string? database)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new PostgreSqlServerOptions
        {
            Host = settings.Text("host", "Give the server's name or address."),
            BindName = settings.Text("bindName", "Give the role that the service signs in as."),
            BindPassword = settings.RequiredSecretReference("bindPassword", allowList) ?? "",
        };
        var options = defaults with
        {
            Port = settings.Number("port", defaults.Port, 1, 65_535),
            Database = (database is null ? settings.Text("database", "Give the name of the database.") : settings.OptionalText("database")) ?? database ?? "",
            Security = settings.Choice("security", defaults.Security),
            TrustedRoots = settings.OptionalText("trustedRoots"),
            ConnectTimeout = settings.Duration("connectTimeout", defaults.ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
        };
        if (options.Host.Length > 0 && !allowList.AllowsEndpoint(options.Host, options.Port)) settings.Reject("host", $"This node's allow-list of end points does not have {options.Host}:{options.Port}: add it there.");
        if (options.TrustedRoots is { } roots && !(Path.IsPathFullyQualified(roots) && allowList.AllowsFile(roots))) settings.Reject("trustedRoots", "Give an absolute path that this node's allow-list of files has.");
        if (options.Security == PostgreSqlSecurity.None && !IsThisMachine(options.Host)) settings.Reject("security", "Use tls: without it only a server of this machine is taken (127.0.0.1, ::1, localhost).");
        return options;
    }

    private static bool IsThisMachine(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Metrics;

/// <summary>Where a process's figures go, beside what reads them from it.</summary>
public sealed record MetricsSettings
{
    /// <summary>How often figures may be sent at most.</summary>
    public static readonly TimeSpan IntervalMin = TimeSpan.FromSeconds(1);

    /// <summary>How seldom figures may be sent at least.</summary>
    public static readonly TimeSpan IntervalMax = TimeSpan.FromHours(1);

    /// <summary>A collector's address for OTLP over HTTP, without the path: <c>http://127.0.0.1:4318</c>. Default null: nothing is sent.</summary>
    public string? Otlp { get; init; }

    /// <summary>How often figures are sent. Default 15 s; 1 s to 1 hour.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<SettingFault> FindFaults()
    {
        if (Otlp is not null && (!Uri.TryCreate(Otlp, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.AbsolutePath != "/" || address.UserInfo.Length > 0))
        {
            yield return new("metrics.otlp", Otlp, "use http://host:port or https://host:port of a collector, without a path and a user.");
        }

        if (Interval < IntervalMin || Interval > IntervalMax) yield return new("metrics.interval", $"{Interval}", "use 1s to 1h.");
    }
}

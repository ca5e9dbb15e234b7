using System.Collections.Immutable;
using PasswordSync.Providers.Abstractions.Protocol;
using PasswordSync.Providers.Processes;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Plugins;

/// <summary>The settings of a <c>plugin</c> sync point: a provider of your own that runs as a process of its own.</summary>
public sealed record PluginOptions
{
    /// <summary>The most settings under <c>plugin</c>.</summary>
    private const int ValuesMax = 64;

    /// <summary><c>program</c>: the absolute path of the plug-in, which the node's allow-list of programs has. It is started without arguments. Required.</summary>
    public required string Program { get; init; }

    /// <summary><c>plugin:NAME</c>: the plug-in's own settings; nothing secret. At most 64.</summary>
    public ImmutableDictionary<string, string> Values { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary><c>pluginSecrets:NAME</c>: references to secrets that the plug-in gets. At most 16.</summary>
    public ImmutableDictionary<string, string> Secrets { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary><c>processes</c>: how many processes of the plug-in there are at most; each has one password at a time. Default 1; 1 to 16.</summary>
    public int Processes { get; init; } = 1;

    /// <summary><c>startTimeout</c>: how long a process may take until it has answered the first message. Default 10 s; 1 s to 1 min.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>restartAfter</c>: after how many requests a process is replaced by a new one, so that what it leaks ends with it. Default 10,000; 1 to 1,000,000.</summary>
    public int RestartAfter { get; init; } = 10_000;

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static PluginOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new PluginOptions { Program = ProgramFile.Read(settings, "program", allowList) };
        var options = defaults with
        {
            Values = settings.Map("plugin", ValuesMax),
            Secrets = settings.SecretReferences("pluginSecrets", PluginProtocol.SecretsMax, allowList),
            Processes = settings.Number("processes", defaults.Processes, 1, 16),
            StartTimeout = settings.Duration("startTimeout", defaults.StartTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
            RestartAfter = settings.Number("restartAfter", defaults.RestartAfter, 1, 1_000_000),
        };
        return settings.IsGood ? options : null;
    }
}

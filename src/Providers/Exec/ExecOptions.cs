using System.Collections.Immutable;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Processes;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Exec;

/// <summary>What a program may be asked for beside setting passwords.</summary>
public enum ExecAction
{
    Find,
    Probe,
    Verify,
}

/// <summary>The settings of an <c>exec</c> sync point: a program of this node that is started once for each password.</summary>
public sealed record ExecOptions
{
    /// <summary>The most parameters.</summary>
    private const int ParametersMax = 32;

    private const string ScriptEnding = ".ps1";

    /// <summary><c>program</c>: the absolute path of a program, or of a PowerShell script (<c>.ps1</c>), that the node's allow-list of programs has. Required.</summary>
    public required string Program { get; init; }

    /// <summary><c>powerShell</c>: the absolute path of PowerShell, for scripts. Default <c>/usr/bin/pwsh</c>; on Windows the system's own.</summary>
    public string PowerShell { get; init; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.System), @"WindowsPowerShell\v1.0\powershell.exe")
        : "/usr/bin/pwsh";

    /// <summary><c>actions</c>: what the program can do beside <c>set</c>. Default nothing.</summary>
    public ImmutableArray<ExecAction> Actions { get; init; } = [];

    /// <summary><c>account</c>: which name of the source's account is sent where the program does not find accounts itself. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>parameters:NAME</c>: texts that the program gets; nothing secret. At most 32.</summary>
    public ImmutableDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are not sent. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <summary>Whether the program is read by PowerShell.</summary>
    public bool IsScript => Program.EndsWith(ScriptEnding, StringComparison.OrdinalIgnoreCase);

    /// <summary>What is started.</summary>
    internal string File => IsScript ? PowerShell : Program;

    /// <summary>Its arguments: the same for every call, and nothing that a configuration could choose.</summary>
    internal ImmutableArray<string> Arguments => IsScript ? ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", Program] : [];

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static ExecOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new ExecOptions { Program = ProgramFile.Read(settings, "program", allowList) };
        var options = defaults with
        {
            PowerShell = settings.OptionalText("powerShell") is null ? defaults.PowerShell : ProgramFile.Read(settings, "powerShell", allowList),
            Actions = ReadActions(settings),
            Account = settings.Choice("account", defaults.Account),
            Parameters = settings.Map("parameters", ParametersMax),
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, 256),
        };
        return settings.IsGood ? options : null;
    }

    private static ImmutableArray<ExecAction> ReadActions(SettingsReader settings)
    {
        var known = Enum.GetValues<ExecAction>();
        var actions = ImmutableArray.CreateBuilder<ExecAction>();
        foreach (var text in settings.List("actions", known.Length))
        {
            if (known.Where(action => action.ToString().Equals(text, StringComparison.OrdinalIgnoreCase)).ToList() is [var action]) actions.Add(action);
            else settings.Reject("actions", $"'{text}' is not an action: use find, probe, verify (set is always there).");
        }

        return actions.ToImmutable();
    }
}

namespace PasswordSync.Hosting.Settings;

/// <summary>One thing that is wrong with a configuration: which key, what was found, what to change. Never holds a secret.</summary>
/// <param name="Key">Where: the path of the key in the file, such as <c>points[2].retry.factor</c>.</param>
/// <param name="Found">The value found; empty if there is none.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record SettingFault(string Key, string Found, string Remedy)
{
    public override string ToString() => Found.Length == 0 ? $"{Key}: {Remedy}" : $"{Key} is '{Found}': {Remedy}";
}

/// <summary>The configuration cannot be used. The message lists every fault.</summary>
public sealed class SettingsException(string file, IReadOnlyCollection<SettingFault> faults)
    : Exception($"The configuration {file} cannot be used:{Environment.NewLine}{string.Join(Environment.NewLine, faults.Select(fault => "  - " + fault))}")
{
    public IReadOnlyCollection<SettingFault> Faults { get; } = faults;
}

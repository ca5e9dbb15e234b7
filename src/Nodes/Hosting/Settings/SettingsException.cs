using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Settings;

/// <summary>The configuration cannot be used. The message lists every fault.</summary>
public sealed class SettingsException(string file, IReadOnlyCollection<SettingFault> faults)
    : Exception($"The configuration {file} cannot be used:{Environment.NewLine}{string.Join(Environment.NewLine, faults.Select(fault => "  - " + fault))}")
{
    public IReadOnlyCollection<SettingFault> Faults { get; } = faults;
}

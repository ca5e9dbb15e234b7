using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Exec;

/// <summary>Makes <c>exec</c> providers; see <see cref="ExecOptions"/> for the settings.</summary>
public sealed class ExecProviderFactory : IProviderFactory
{
    internal const string KindName = "exec";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ExecOptions.Read(settings, context.AllowList) is { } options ? new ExecProvider(options, context) : null;
    }
}

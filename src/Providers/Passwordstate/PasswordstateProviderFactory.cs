using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Passwordstate;

/// <summary>Makes <c>passwordstate</c> providers; see <see cref="PasswordstateOptions"/> for the settings.</summary>
public sealed class PasswordstateProviderFactory : IProviderFactory
{
    internal const string KindName = "passwordstate";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PasswordstateOptions.Read(settings, context.AllowList) is { } options ? new PasswordstateProvider(options, context) : null;
    }
}

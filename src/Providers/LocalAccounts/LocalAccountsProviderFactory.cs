using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>Makes <c>localAccounts</c> providers; see <see cref="LocalAccountsOptions"/> for the settings.</summary>
public sealed class LocalAccountsProviderFactory : IProviderFactory
{
    internal const string KindName = "localAccounts";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return LocalAccountsOptions.Read(settings, context.AllowList) is { } options ? new LocalAccountsProvider(options, context) : null;
    }
}

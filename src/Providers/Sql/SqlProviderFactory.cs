using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Sql;

/// <summary>Makes <c>sql</c> providers; see <see cref="SqlOptions"/> for the settings.</summary>
public sealed class SqlProviderFactory : IProviderFactory
{
    internal const string KindName = "sql";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SqlOptions.Read(settings, context.AllowList) is { } options ? new SqlProvider(options, context.Secrets) : null;
    }
}

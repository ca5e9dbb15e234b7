using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.PostgreSqlRoles;

/// <summary>Makes <c>postgreSqlRoles</c> providers; see <see cref="PostgreSqlRolesOptions"/> for the settings.</summary>
public sealed class PostgreSqlRolesProviderFactory : IProviderFactory
{
    internal const string KindName = "postgreSqlRoles";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PostgreSqlRolesOptions.Read(settings, context.AllowList) is { } options ? new PostgreSqlRolesProvider(options, context) : null;
    }
}

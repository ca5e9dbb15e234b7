using PasswordSync.FilePlugin;
using PasswordSync.Providers.Abstractions;

return await PluginHost.RunAsync(settings => new FileTarget(settings));

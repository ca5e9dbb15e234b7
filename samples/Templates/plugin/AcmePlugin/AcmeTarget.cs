using System.Security.Cryptography;
using System.Text;
using PasswordSync.Providers.Abstractions;

namespace AcmePlugin;

/// <summary>
/// Replace what is in here by calls to your own system. As it stands it works: it keeps one file per account, named after the login in hexadecimal, with a
/// salted hash of the password. The setting <c>plugin:folder</c> says where.
/// </summary>
internal sealed class AcmeTarget(PluginSettings settings) : PasswordTarget
{
    private readonly string folder = settings.Text("folder");

    // What passwords the system takes. The server does not send what this excludes.
    public override TargetDescription Description { get; } = new() { LengthMin = 8, CanProbe = true };

    // Which account of the system belongs to the account of the source? Change nothing here.
    public override Task<FindAnswer> FindAsync(SourceAccount account, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexString(Encoding.UTF8.GetBytes(account.SamAccountName));
        return Task.FromResult(File.Exists(PathOf(key))
            ? FindAnswer.Found(new TargetAccount(key, account.SamAccountName), mark: null)
            : FindAnswer.NotFound($"There is no account '{account.SamAccountName}'."));
    }

    // Set the password. Say exactly what happened: Transient only if nothing was done, Unknown if you cannot tell.
    public override async Task<WriteAnswer> SetPasswordAsync(PasswordChange change, SecretText password, CancellationToken cancellationToken)
    {
        if (!File.Exists(PathOf(change.Account.Key))) return WriteAnswer.NotFound($"The account '{change.Account.Name}' is gone.");
        var salt = RandomNumberGenerator.GetBytes(16);
        await File.WriteAllTextAsync(PathOf(change.Account.Key), $"{Convert.ToHexString(salt)} {Hash(password, salt)}", cancellationToken);
        return WriteAnswer.Delivered(mark: null);
    }

    // Is this the password? Leave this method out, and CanProbe above, if the system cannot tell without locking accounts.
    public override async Task<ProbeAnswer> ProbeAsync(ProbeQuestion question, SecretText password, CancellationToken cancellationToken)
    {
        var parts = (await File.ReadAllTextAsync(PathOf(question.Account.Key), cancellationToken)).Split(' ');
        return Hash(password, Convert.FromHexString(parts[0])) == parts[1] ? ProbeAnswer.Present(mark: null) : ProbeAnswer.Absent();
    }

    // Can the system be reached, with enough rights? Change nothing here.
    public override Task<CheckAnswer> VerifyAsync(CancellationToken cancellationToken) => Task.FromResult(Directory.Exists(folder)
        ? CheckAnswer.Good($"{folder} is there.")
        : CheckAnswer.Bad($"{folder} does not exist.", "Correct plugin:folder, or make the folder."));

    private static string Hash(SecretText password, byte[] salt) =>
        Convert.ToHexString(Rfc2898DeriveBytes.Pbkdf2(password.Reveal(), salt, 100_000, HashAlgorithmName.SHA256, 32));

    private string PathOf(string key) => Path.Combine(folder, Path.GetFileName(key));
}

using System.CommandLine;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models sign V`.</summary>
internal static class SignCommand
{
    private static readonly Argument<string> Version = new("V") { Description = "Version of the model." };
    private static readonly Option<string> Key = PathOption.Required("--key", "Private key, as 'models keygen' writes it.");

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("sign", "Sign a model; jobs that trust keys load no other.") { Version, Key };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var version = arguments.GetValue(Version)!;
                var signature = await open(null).Models.SignAsync(version, await File.ReadAllTextAsync(arguments.GetValue(Key)!, cancellationToken), cancellationToken);
                Console.WriteLine($"{version} is signed by the key {signature.KeyId}.");
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }
}

/// <summary>`models keygen`.</summary>
internal static class KeygenCommand
{
    private static readonly Option<string> Out = PathOption.Required("--out", "File for the private key; the public one goes beside it, with .pub at the end.");

    public static Command Create()
    {
        var command = new Command("keygen", "Make a key pair that signs models. Keep the private file secret.") { Out };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var path = arguments.GetValue(Out)!;
                var (privateKey, publicKey, id) = ModelSignatures.NewKey();
                var publicPath = path + ".pub";
                if (File.Exists(publicPath))
                    throw new IOException($"'{publicPath}' exists: others may trust that key. Choose another name.");
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                await using (var file = new StreamWriter(path, options))
                    await file.WriteLineAsync(privateKey.AsMemory(), cancellationToken);
                await File.WriteAllTextAsync(publicPath, publicKey + Environment.NewLine, cancellationToken);
                Console.WriteLine($"Key {id}: {path} signs, {publicPath} is for whoever checks.");
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }
}

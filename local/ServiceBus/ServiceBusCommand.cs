using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CtSeg.Local.Identity;
using CtSeg.Local.ServiceBus.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.Local.ServiceBus;

/// <summary>The verb <c>servicebus</c>: only the emulator, until it is stopped.</summary>
internal static class ServiceBusCommand
{
    /// <summary>For the key: every user of the machine can read a command line.</summary>
    public const string KeyVariable = "CTSEG_SERVICEBUS_KEY";
    private const int BadConfiguration = 2;
    private const int HighestPort = 65535;

    /// <param name="setting">Looks an environment variable up; null when it is not set.</param>
    public static Command Create(Func<string, string?> setting)
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0, HelpName = "P" };
        var config = new Option<string>("--config") { Description = "Queues, in the format of Microsoft's Service Bus emulator.", Required = true, HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = $"Shared access key (or the environment variable {KeyVariable}, which other users cannot read); a random one if not given.", HelpName = "BASE64" };
        var issuer = new Option<string?>("--require-token")
        {
            Description = "Take only tokens of the issuer that this file names, and no key (what ./ctseg up --identity does).", HelpName = "FILE",
        };
        var certificate = new Option<string?>("--certificate") { Description = "Certificate for TLS, PEM; plain TCP without.", HelpName = "FILE" };
        var certificateKey = new Option<string?>("--certificate-key") { Description = "Its private key, PEM.", HelpName = "FILE" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > HighestPort)
                result.AddError($"--port must be between 0 and {HighestPort}: give a free port, or 0 to let one be chosen.");
        });
        key.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } value && !IsKey(value))
                result.AddError("--key is not base64: give for example the output of 'openssl rand -base64 32'.");
        });
        var command = new Command("servicebus", """
            Runs the Service Bus emulator alone, in memory, until it is stopped.

            Examples:
              ./ctseg servicebus --config queues.json
              CTSEG_SERVICEBUS_KEY=$(openssl rand -base64 32) ./ctseg servicebus --port 5672 --config queues.json

            A configuration:
              {"UserConfig":{"Namespaces":[{"Name":"local","Queues":[
                {"Name":"segmentation-requests","Properties":{"LockDuration":"PT30S","MaxDeliveryCount":5}}]}]}}
            """) { port, config, key, issuer, certificate, certificateKey };
        command.Validators.Add(result =>
        {
            if (result.GetValue(key) is null && KeyFrom(setting) is { } value && !IsKey(value))
                result.AddError($"{KeyVariable} is not base64: give for example the output of 'openssl rand -base64 32'.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(issuer) is not null && result.GetValue(key) is not null)
                result.AddError("--require-token takes no key: leave --key out.");
            if (result.GetValue(certificate) is null != result.GetValue(certificateKey) is null)
                result.AddError("--certificate and --certificate-key go together: give both or none.");
        });
        command.SetAction((result, cancellationToken) => RunAsync(
            new EmulatorFiles(result.GetValue(config)!, result.GetValue(issuer), result.GetValue(certificate), result.GetValue(certificateKey)),
            result.GetValue(port), result.GetValue(key) ?? KeyFrom(setting),
            result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        EmulatorFiles files, int port, string? key, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Registered before the start so that no signal is missed; the process then ends by returning.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await using var cancelled = cancellationToken.Register(() => stopped.TrySetResult());
        try
        {
            using var certificate = files.LoadCertificate();
            var options = new ServiceBusEmulatorOptions(await EmulatorConfig.LoadAsync(files.Config, cancellationToken))
            {
                Port = port,
                Key = key,
                RequiredIssuer = files.Issuer is { } issuer ? TokenTrust.Read(issuer) : null,
                Certificate = certificate,
            };
            await using var emulator = await ServiceBusEmulator.StartAsync(
                options, TimeProvider.System, NullLogger.Instance, cancellationToken);
            await output.WriteLineAsync(emulator.ConnectionString);
            await output.FlushAsync(CancellationToken.None);
            await stopped.Task;
            return 0;
        }
        catch (Exception e) when (e is EmulatorConfigException or ServiceBusEmulatorException or TokenTrustException)
        {
            await error.WriteLineAsync(e.Message);
            return BadConfiguration;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopped.TrySetResult();
        }
    }

    private sealed record EmulatorFiles(string Config, string? Issuer, string? Certificate, string? CertificateKey)
    {
        public X509Certificate2? LoadCertificate()
        {
            if (Certificate is null || CertificateKey is null)
                return null;
            try
            {
                return X509Certificate2.CreateFromPemFile(Certificate, CertificateKey);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new ServiceBusEmulatorException($"The certificate '{Certificate}' cannot be used with the key '{CertificateKey}': {e.Message} Give both in PEM.", e);
            }
        }
    }

    private static string? KeyFrom(Func<string, string?> setting) => setting(KeyVariable) is { Length: > 0 } value ? value : null;

    private static bool IsKey(string value) => value.Length > 0 && Convert.TryFromBase64String(value, new byte[value.Length], out _);
}

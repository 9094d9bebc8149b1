using Amqp;
using Amqp.Sasl;
using Amqp.Types;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// SASL ANONYMOUS (the token comes later, by <c>$cbs</c>). Registered in place of the library's own so that the
/// transport can be wrapped: see <see cref="HeaderGate"/>.
/// </summary>
internal sealed class AnonymousSasl() : SaslProfile(MechanismName)
{
    public const string MechanismName = "ANONYMOUS";

    protected override ITransport UpgradeTransport(ITransport transport) => new HeaderGate((IAsyncTransport)transport);

    protected override DescribedList? GetStartCommand(string hostname) => null;

    protected override DescribedList OnCommand(DescribedList command) => command is SaslInit
        ? new SaslOutcome { Code = SaslCode.Ok }
        : throw new AmqpException(ErrorCode.NotAllowed, "Only sasl-init is expected from a client that signs in as ANONYMOUS.");
}

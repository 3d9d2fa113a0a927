# O que o Progy diz em português do Brasil. `en.ftl` tem as mesmas chaves com as mesmas variáveis.
# `count` e `total` são números, todas as outras variáveis são texto.

error = erro:
yes = sim
no = não

## Tempos

ago-moments = agora mesmo
ago-minutes = { $count ->
    [one] há 1 minuto
   *[other] há { $count } minutos
}
ago-hours = { $count ->
    [one] há 1 hora
   *[other] há { $count } horas
}
ago-days = { $count ->
    [one] ontem
   *[other] há { $count } dias
}

## Enquanto algo acontece

saving = Salvando…
syncing = Sincronizando…
fetching = Baixando o curso…
restoring = Trazendo os arquivos de volta…
resetting = Voltando ao original…
upgrading = Atualizando o curso…
waiting-for-lock = Outro comando progy está trabalhando nesta pasta. Esperando ele terminar…

## init

progress-found = Progresso encontrado. Restaurando seus arquivos…
starting-over = Começando do zero. O que você tinha continua no histórico: veja `progy log`.
resume-or-fresh = Você salvou { $when } em { $device }. Deseja continuar de onde parou ou iniciar do zero?
option-resume = continuar
option-fresh = iniciar do zero
workspace-exists = Esta pasta já tem o curso { $course }. Sincronizando.
started = { $course } { $version } está pronto em { $folder }. Resolva uma lição e rode `progy test` lá.
restored = { $course } { $version } está de volta em { $folder }: { $count ->
    [0] todos os arquivos já estavam em dia.
    [one] 1 arquivo restaurado.
   *[other] { $count } arquivos restaurados.
}
adopted = { $count ->
    [one] 1 arquivo já estava aqui. Ele foi mantido como edição sua; `progy save` o salva:
   *[other] { $count } arquivos já estavam aqui. Eles foram mantidos como edições suas; `progy save` os salva:
}
not-adopted = { $count ->
    [one] Mais 1 arquivo já estava aqui. Ele fica só neste dispositivo: o curso não o sincroniza.
   *[other] Mais { $count } arquivos já estavam aqui. Eles ficam só neste dispositivo: o curso não os sincroniza.
}
upgrade-exists = Saiu a versão { $version } do curso. Rode `progy upgrade` quando quiser: seu trabalho vai junto.
vscode-task = { $path } está pronto: o VS Code roda `progy dev` quando você abrir a pasta.
vscode-by-hand = { $path } não é JSON puro, então o progy o deixa como está. Acrescente esta tarefa nele à mão:
other-course = Esta pasta já é de outro curso, { $course }. Escolha outra pasta: `progy init -c CURSO PASTA`.
inside-workspace = Esta pasta fica dentro da pasta de outro curso, { $folder }. Escolha uma pasta fora dela: `progy init -c CURSO PASTA`.
folder-too-large = { $folder } não é um bom lugar para um curso: tudo o que há nela seria sincronizado. Escolha uma pasta só para ele: `progy init -c CURSO PASTA`.
no-folder = Não dá para usar a pasta { $folder } ({ $reason }). Escolha outra: `progy init -c CURSO PASTA`.

## Depois de salvar, sincronizar e tudo o que é feito disso

message-save = Salvo
message-sync = Sincronizado
received = { $count ->
    [one] 1 arquivo mudou aqui:
   *[other] { $count } arquivos mudaram aqui:
}
published = { $count ->
    [one] Salvo: revisão { $revision }.
   *[other] { $count } revisões publicadas; a mais nova é { $revision }.
}
saved-here = Salvo neste dispositivo.
up-to-date = Tudo está salvo. Não há nada de novo.
recovered = O servidor tinha perdido algumas das suas revisões. O que este dispositivo tem delas foi publicado de novo.
conflicts-wait = { $count ->
    [one] 1 cópia de conflito espera por você. Veja `progy conflicts`.
   *[other] { $count } cópias de conflito esperam por você. Veja `progy conflicts`.
}
and-more = { $count ->
    [one] e mais 1
   *[other] e mais { $count }
}
new-version = O curso agora está na versão { $version }.
newest-already = Você já tem a versão mais nova, { $version }.

## status

status-course = { $course } { $version }
status-progress = { $total ->
    [one] { $count } de 1 lição concluída
   *[other] { $count } de { $total } lições concluídas
}
status-base = Último acordo com o servidor: revisão { $revision }
status-no-base = Nada foi salvo no servidor ainda
status-offline = O servidor não responde agora: isto é o que este dispositivo sabe.
status-no-login = Você não entrou na sua conta: isto é o que este dispositivo sabe. Rode `progy login --token TOKEN`.
status-behind = { $count ->
    [one] 1 revisão espera no servidor. Traga com `progy sync`
   *[other] { $count } revisões esperam no servidor. Traga com `progy sync`
}
status-queued = { $count ->
    [one] 1 revisão espera para ser enviada. `progy sync` a envia
   *[other] { $count } revisões esperam para ser enviadas. `progy sync` as envia
}
status-clean = Todas as mudanças estão salvas
status-changed = { $count ->
    [one] 1 arquivo mudou desde a última vez que você salvou:
   *[other] { $count } arquivos mudaram desde a última vez que você salvou:
}

## log, diff

log-waiting = na fila {""}
log-here = {"  "}← este dispositivo
log-details = { $device }, { $when }, { $count ->
    [one] 1 arquivo
   *[other] { $count } arquivos
}, { $size }
log-empty = Nada foi salvo ainda.
no-difference = Nenhuma diferença.
binary-differs = { $path } é diferente, mas não é texto.

## conflicts, trash, strategy

no-conflicts = Não há conflitos.
conflict-copy = {"  "}{ $copy } (de { $device })
how-to-resolve = Resolva cada um com `progy resolve ARQUIVO` e --mine (fica o seu), --theirs (fica a cópia), --markers (escreve os dois no arquivo) ou --merged (você já juntou os dois).
markers-written = As duas versões estão em { $path }. Edite o arquivo e rode `progy resolve { $path } --merged`.
trash-empty = A lixeira está vazia.
trash-restored = De volta: { $path }
strategy-is = Estratégia: { $strategy }

## login

welcome = Que bom ver você, { $name }! Você entrou em { $server }.
token-kept = O token de { $server } ficou guardado neste dispositivo.
token-not-checked = O token não foi conferido, pois não foi possível falar com o servidor ({ $reason }).
not-encrypted = A conexão com { $server } não é criptografada: outras pessoas na rede podem ler o seu token. Use um endereço https:// se houver.
logged-out = Você saiu de { $server }. Seus arquivos continuam como estão.
was-not-logged-in = Você não tinha entrado em { $server }.
token-from-environment = PROGY_TOKEN está definida e ainda vale como login.
you-are = { $name } em { $server }

## O que convém saber sobre os arquivos

notice-secret = { $path } parece guardar um segredo, por isso não é sincronizado. O curso ou uma linha `!{ $path }` no `.progyignore` pode incluí-lo.
notice-bad-name = { $path } não é sincronizado: esse nome não funciona em todos os sistemas. Mude o nome para sincronizar.
notice-unreadable = Não dá para ler ou mudar { $path }, então fica como está. Confira as permissões e rode `progy sync`.
notice-special = { $path } não é um arquivo comum, por isso não é sincronizado.
notice-link-outside = { $path } é um link para fora da pasta do curso, por isso não é sincronizado.
notice-cannot-hold = Este sistema não aceita um arquivo chamado { $path }. Ele continua seguro no servidor.

## O que deu errado, que o trabalho está seguro, e o que rodar agora

no-home = Não há uma pasta para as configurações. Defina PROGY_CONFIG_DIR ou HOME e tente de novo.
no-runtime = O sistema recusa algo de que o progy precisa ({ $reason }). Seu trabalho está seguro; tente de novo.
no-current-folder = Não dá para ler a pasta atual ({ $reason }). Vá para a pasta do curso com `cd` e tente de novo.
no-json = Não foi possível escrever a resposta ({ $reason }). Seu trabalho está seguro; tente de novo sem --json.
no-workspace = Esta pasta não é de um curso. Vá para uma com `cd`, ou comece um curso com `progy init -c CURSO PASTA`.
no-state = { $folder } tem um progy.toml, mas este dispositivo não sabe nada dela. Rode `progy init -c CURSO` nela: seus arquivos ficam, e o que você salvou se junta a eles.
outside = { $path } não fica na pasta deste curso. Escolha um arquivo do curso.
locked = Outro comando progy ainda está trabalhando nesta pasta. Seus arquivos estão seguros; espere ele terminar e tente de novo.
disk-failed = { $path }: o disco recusa ({ $reason }). Nada se perdeu; confira o espaço livre e as permissões e rode o comando de novo.
damaged = { $what } está danificado. Seus arquivos estão intactos; mova a pasta .progy para outro lugar e rode `progy init -c CURSO` aqui para ligá-los de novo.
from-the-future = { $what } foi escrito por um progy mais novo. Seus arquivos estão intactos; instale o progy mais novo e tente de novo.
unreachable = Não foi possível falar com o servidor ({ $reason }). Seu trabalho está seguro neste dispositivo; confira a conexão e rode o comando de novo.
queued = Não foi possível falar com o servidor ({ $reason }). Seu trabalho está seguro neste dispositivo: { $count ->
    [one] 1 revisão espera, e `progy sync` a envia depois.
   *[other] { $count } revisões esperam, e `progy sync` as envia depois.
}
no-token = Você não entrou em { $server }. Rode `progy login --token TOKEN`, com --server URL para outro servidor.
not-logged-in = O servidor não reconhece este login. Seu trabalho está seguro neste dispositivo; rode `progy login --token TOKEN` e depois `progy sync`.
token-refused = { $server } não reconhece este token. Peça um novo e rode `progy login --token TOKEN`.
bad-token = O token tem caracteres que nenhum token tem. Rode `progy login --token TOKEN` de novo.
login-needs-token = Para entrar é preciso um token: `progy login --token TOKEN`, ou `--token -` para ler da entrada padrão. Peça um a quem cuida do seu servidor.
bad-server = Não dá para usar o endereço do servidor: { $reason }. Corrija PROGY_API_URL ou rode `progy login --server URL --token TOKEN`.
config-io = Não dá para usar { $path } ({ $reason }). Seu trabalho está seguro; confira as permissões dessa pasta e tente de novo.
config-damaged = Não dá para entender { $path } ({ $reason }). O progy não mexeu nele; corrija ou mova o arquivo e tente de novo.
no-course = O servidor não tem o curso { $course }. Veja os que ele tem com `progy course list`.
no-version = A versão { $version } de { $course } não está neste dispositivo ou não está no servidor. Seu trabalho está seguro; rode `progy sync` quando o servidor responder.
bad-package = O pacote do curso não é válido ({ $reason }). Seu trabalho está seguro; avise quem fez o curso.
file-too-large = { $path } é grande demais ({ $size }): um arquivo pode ter até { $limit }. Seu trabalho está seguro; liste o arquivo no .progyignore e rode o comando de novo. Mais adiante, `progy strategy snapshot` vai levar arquivos de qualquer tamanho.
workspace-too-large = Suas mudanças são grandes demais ({ $size }): juntas podem ter até { $limit }. Seus arquivos estão seguros; liste no .progyignore o que não precisa ir junto e rode o comando de novo. Mais adiante, `progy strategy snapshot` vai levar projetos de qualquer tamanho.
quota-exceeded = Seu espaço no servidor acabou. Seu trabalho está seguro neste dispositivo; peça mais a quem cuida do servidor e rode `progy sync`.
other-strategy = Este curso agora é levado de outro jeito ({ $strategy }). Seus arquivos estão seguros; rode `progy init -c CURSO` em uma pasta nova.
strategy-later = A estratégia { $strategy } chega em uma versão futura do progy. Use `patch`; seus arquivos estão como estavam.
keeps-changing = { $path } não para de mudar durante a leitura. Seu trabalho está seguro; pare o que o escreve e rode o comando de novo.
keeps-markers = { $path } ainda tem marcas de conflito (<<<<<<<). Nada mudou; edite o arquivo e rode `progy resolve { $path } --merged` de novo.
busy = Outros dispositivos estão salvando ao mesmo tempo. Seu trabalho está seguro neste dispositivo; rode `progy sync` daqui a pouco.
no-revision = Nenhuma revisão se chama { $revision }, ou mais de uma começa assim. Veja os ids com `progy log`.
no-such-path = Não há { $path } aqui. Veja o que há com `progy status`, `progy log` ou `progy trash`.
no-conflict = { $path } não tem conflito. Veja os que esperam com `progy conflicts`.
several-copies = Há várias cópias de conflito de { $path }. Diga qual delas: { $copies }
missing-content = O conteúdo de { $path } não foi encontrado, nem aqui nem no servidor. Nada mudou; rode `progy sync` e tente de novo.
invalid-tree = O servidor enviou arquivos que não dá para usar ({ $reason }). Nada mudou; avise quem cuida do servidor.
refused = O servidor recusa: { $reason } ({ $code }). Seu trabalho está seguro neste dispositivo.

"""A unit of the official Python client. It obeys lines of JSON on its standard input, and tells on its standard output."""

import json
import sys
import threading

from pepeunit_client.cipher import AesGcmCipher
from pepeunit_client.client import PepeunitClient
from pepeunit_client.file_manager import FileManager
from pepeunit_client.settings import Settings

VERSION = 1

client = PepeunitClient(
    env_file_path='env.json',
    schema_file_path='schema.json',
    log_file_path='log.json',
    enable_mqtt=True,
    enable_rest=True,
    cycle_speed=0.02,
    ff_console_log_enable=False,
)
cipher = AesGcmCipher()


def tell(**news):
    print(json.dumps(news), flush=True)


def on_message(unit, message):
    if any(message.topic in topics for topics in unit.schema.input_topic.values()):
        tell(got=message.payload)


def obey(publish=None, encode=None, decode=None, setting=None, read=None):
    key = client.settings.PU_ENCRYPT_KEY
    if publish is not None:
        client.publish_to_topics('output/pepeunit', publish)
    if encode is not None:
        tell(encoded=cipher.aes_gcm_encode(encode, key))
    if decode is not None:
        tell(decoded=cipher.aes_gcm_decode(decode, key))
    if setting is not None:
        tell(setting=getattr(client.settings, setting, None))
    if read is not None:
        texts = [entry['text'] for entry in FileManager.iter_ndjson(read['log'])]
        tell(uuid=Settings(read['env']).unit_uuid, texts=texts)


def listen():
    for line in sys.stdin:
        try:
            obey(**json.loads(line))
        except Exception as error:
            tell(failed=repr(error))


client.set_mqtt_input_handler(on_message)
client.mqtt_client.connect()
threading.Thread(target=listen, daemon=True).start()
tell(started=VERSION)
client.run_main_cycle()
